"""A booked sheet taken back: what has not moved goes back, what has stays and says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fulfilment.sheetworld import HEAD, book, line, live, number, people, rows, sent, undo, xlsx
from fulfilment.tradeworld import Shop, Trade, footprint
from yantuan.fulfilment import parts, progress
from yantuan.fulfilment.models import Shipment
from yantuan.fulfilment.progress import Progress
from yantuan.kernel import outbox
from yantuan.notices.models import InboxMessage

Batch = dict[str, object]


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, str]]:
    """What the tracking service says of shipments, by id."""
    said: dict[int, str] = {}

    def known(ids: object) -> dict[int, Progress]:
        return {one: Progress(status, "", "", None, "") for one, status in said.items()}

    monkeypatch.setattr(progress, "_known", [known])
    yield said


def booked(shop: Shop, trades: list[Trade]) -> Batch:
    return book(shop, sent(shop, xlsx(HEAD, *[line(trade, number(n)) for n, trade in enumerate(trades)])))


def shipment(trade: Trade) -> Shipment:
    return Shipment.objects.get(order_id=trade.id, withdrawn_at=None)


def test_everything_goes_back_and_can_be_sent_again(shop: Shop) -> None:
    trades = people(shop, 3, 2, 1)
    batch = booked(shop, trades)
    path = f"/leader/ship-imports/{batch['id']}/undo"
    assert shop.boss.ok("GET", path)["possible"] == 3
    done = undo(shop, batch)
    assert (done["state"], done["results"]) == ("undone", {"undone": 3})
    for trade in trades:
        assert (trade.row.delivery, trade.row.shipped_at, trade.row.auto_receive_at, live(trade.id)) == (
            "none",
            None,
            None,
            [],
        )
        assert [one.shipped_quantity for one in trade.lines] == [0, 0]
        assert trade.events("delivery") == ["ship_all", "withdraw_all"]
        assert InboxMessage.objects.filter(order_id=trade.id, kind="parcel_withdrawn").count() == 1
    before = footprint()
    shop.boss.ok("POST", path)
    outbox.drain()
    assert footprint() == before
    # The file may be sent once more: it is a new batch.
    again = booked(shop, trades)
    assert (again["id"] != batch["id"], again["results"]) == (True, {"booked": 3})
    assert shop.boss.refused("POST", f"/leader/ship-imports/{batch['id']}/confirm", {}) == (
        409,
        "illegal_transition",
    )


def test_what_has_moved_stays(shop: Shop, moved: dict[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    free, received, scanned, final, changed, withdrawn, waiting = trades = people(shop, 7)
    batch = booked(shop, trades)
    received.receive()
    moved |= {shipment(scanned).id: "picked_up", shipment(waiting).id: "created"}
    monkeypatch.setattr(parts, "_told", [lambda ids: {final.id: "final", free.id: "told"}])
    body = {"carrier": "YTO", "tracking_no": number(99)}
    shop.boss.ok("PUT", f"/leader/shipments/{shipment(changed).id}", body)
    shop.boss.ok("POST", f"/leader/shipments/{shipment(withdrawn).id}/withdraw")
    outlook = shop.boss.ok("GET", f"/leader/ship-imports/{batch['id']}/undo")
    assert outlook == {
        "possible": 3,
        "told": 1,
        "received": 1,
        "scanned": 1,
        "final": 1,
        "changed": 1,
        "gone": 0,
    }
    done = undo(shop, batch)
    assert done["results"] == {"undone": 3, "kept": 4}
    assert {row["row"]: row["refusal"] for row in rows(shop, done, result="kept")} == {
        3: "received", 4: "scanned", 5: "final", 6: "changed",
    }  # fmt: skip
    assert [trade.row.delivery for trade in trades] == [
        "none",
        "received",
        "shipped",
        "shipped",
        "shipped",
        "none",
        "none",
    ]
    assert live(changed.id) == [number(99)]


def test_corrections_are_reversed_and_the_buyer_told(shop: Shop) -> None:
    trade, other = people(shop, 2)
    trade.ship(number=number(50))
    batch = book(shop, sent(shop, xlsx(HEAD, line(trade, number(0)), line(other, number(1)))), "correction")
    assert batch["results"] == {"corrected": 1, "booked": 1}
    assert undo(shop, batch)["results"] == {"undone": 2}
    assert (live(trade.id), trade.row.delivery, live(other.id)) == ([number(50)], "shipped", [])
    told = InboxMessage.objects.filter(order_id=trade.id, kind="parcel_corrected").order_by("id")
    assert [message.body for message in told] == [f"现在是 圆通速递 {number(n)}" for n in (0, 50)]


def test_an_order_of_several_parcels_goes_back_the_way_it_came(shop: Shop) -> None:
    trade = people(shop, 1, 2, 1)[0]
    sheet = [line(trade, number(n)) for n in range(3)]
    batch = book(shop, sent(shop, xlsx(HEAD, *sheet)), "split_guessed")
    assert (batch["results"], len(live(trade.id))) == ({"booked": 3}, 3)
    assert undo(shop, batch)["results"] == {"undone": 3}
    assert (trade.row.delivery, trade.events("delivery")[3:]) == (
        "none",
        ["withdraw_part", "withdraw_part", "withdraw_all"],
    )
    assert [one.shipped_quantity for one in trade.lines] == [0, 0]


def test_a_batch_that_is_not_booked_has_nothing_to_take_back(shop: Shop) -> None:
    trade = people(shop, 1)[0]
    batch = sent(shop, xlsx(HEAD, line(trade, number(0))))
    assert shop.boss.refused("POST", f"/leader/ship-imports/{batch['id']}/undo") == (
        409,
        "illegal_transition",
    )
