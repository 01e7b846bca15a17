"""Two people at once, on PostgreSQL; each guard with a control that shows the harm when the guard is off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from casework import case_in, claim, claim_body
from django.conf import settings
from django.db import connection, connections

from fulfilment.tradeworld import NUMBER, Shop, Trade, make_shop
from yantuan.aftersales import actions, allowance, buying, flow, refunding, states
from yantuan.aftersales.models import AfterSale, Allowance, AllowanceUse
from yantuan.aftersales.schemas import AgreeIn, ClaimIn
from yantuan.fulfilment import actions as fulfilment
from yantuan.fulfilment import sending
from yantuan.fulfilment.schemas import PickupIn, ShipIn
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.orders import actions as orders
from yantuan.orders import many
from yantuan.orders.models import Order, OrderEvent
from yantuan.payments.models import Refund

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="races need --db=postgres"
    ),
]

ROUNDS = 12


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)


def together(*work: Callable[[], object]) -> list[str]:
    """Start all at one instant, each with a connection of its own; `ok` or the code of the refusal, in order."""
    ready = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> str:
        connection.ensure_connection()
        ready.wait(30)
        try:
            one()
            return "ok"
        except AppError as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(60) for future in [pool.submit(run, one) for one in work]]


def ship(trade: Trade, number: str = NUMBER, pieces: Sequence[dict[str, Any]] = ()) -> Callable[[], object]:
    body = ShipIn(carrier="YTO", tracking_no=number, lines=list(pieces))
    return lambda: fulfilment.ship(trade.shop.boss.who, trade.id, body)


def ask(trade: Trade) -> Callable[[], object]:
    body = ClaimIn(**claim_body(trade))
    return lambda: actions.claim(trade.buyer.who, trade.id, body)


def agree(shop: Shop, case_id: int) -> Callable[[], object]:
    return lambda: actions.agree(shop.boss.who, case_id, AgreeIn())


def test_shipping_and_approving_at_once_has_one_outcome(shop: Shop) -> None:
    """REF-12: what is refunded was never shipped."""
    for _ in range(ROUNDS):
        trade = shop.order()
        case = claim(trade)
        shipped, agreed = together(ship(trade), agree(shop, case.id))
        assert (shipped, agreed) in {("aftersale_open", "ok"), ("nothing_left", "ok")}
        assert (trade.lines[0].shipped_quantity, trade.lines[0].refunded_quantity) == (0, 1)


def test_control_without_the_hold_goods_are_shipped_and_refunded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "held_pieces", lambda order_id: {})
    seen = set()
    for place in range(ROUNDS):
        trade = shop.order()
        case = claim(trade)
        first, second = ship(trade, f"YT{place:013d}"), agree(shop, case.id)
        together(first, second) if place else (first(), second())
        seen.add((trade.lines[0].shipped_quantity, trade.lines[0].refunded_quantity))
    assert (1, 1) in seen


def _claim_while_shipping(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A claim starts at the worst moment: the parcel has read what is held and not yet left. True if it got in between."""
    asked = ask(trade)
    real = sending._look
    late: list[threading.Thread] = []

    def claimed_meanwhile(*what: Any) -> Any:
        desk = real(*what)
        late.append(threading.Thread(target=lambda: together(asked)))
        late[0].start()
        late[0].join(1)
        return desk

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_look", claimed_meanwhile)
        ship(trade)()
    late[0].join(30)
    events = list(
        OrderEvent.objects.filter(order_id=trade.id, axis__in=["delivery", "case"])
        .order_by("id")
        .values_list("event", flat=True)
    )
    assert sorted(events) == ["open", "ship_all"]
    return events[0] == "open"


def test_a_claim_waits_for_the_parcel_that_is_leaving(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _claim_while_shipping(shop.order(), monkeypatch)


def _unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "lock_order", lambda order_id: Order.objects.get(id=order_id))
    monkeypatch.setattr(sending, "lock_orders", lambda ids: Order.objects.in_bulk(ids))


def test_without_the_lock_the_version_still_keeps_the_claimed_piece(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unlocked(monkeypatch)
    trade = shop.order()
    with pytest.raises(AppError) as refused:
        _claim_while_shipping(trade, monkeypatch)
    assert (refused.value.code, trade.lines[0].shipped_quantity) == ("order_changed", 0)


def _written_unseen(axis: str, first: Any, extra: Any) -> None:
    for order_id, (order, _, _) in first.items():
        Order.objects.filter(id=order_id).update(**{axis: getattr(order, axis)}, **extra[order_id])


def test_control_without_lock_and_version_the_claimed_piece_leaves(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unlocked(monkeypatch)
    monkeypatch.setattr(many, "_write", _written_unseen)
    assert _claim_while_shipping(shop.order(), monkeypatch)


def test_agreeing_twice_refunds_once(shop: Shop) -> None:
    for _ in range(ROUNDS):
        case = claim(shop.order(3))
        assert together(*[agree(shop, case.id)] * 4) == ["ok"] * 4
        refund = Refund.objects.get(aftersale_id=case.id)
        assert (refund.amount_fen, case.trade.lines[0].refunded_quantity) == (3990, 1)


def test_control_without_lock_and_compare_agreeing_twice_pays_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = claim(shop.order(3))
    both_read = threading.Barrier(2)

    def unlocked(case_id: int) -> tuple[Order, AfterSale]:
        row = AfterSale.objects.select_related("order").get(id=case_id)
        both_read.wait(30)
        return row.order, row

    def careless(row: AfterSale, event: str, actor: object, **more: Any) -> None:
        row.state = states.CASE.next(row.state, event)
        row.save(update_fields=["state"])

    monkeypatch.setattr(flow, "lock_case", unlocked)
    monkeypatch.setattr(refunding.flow, "move", careless)
    assert together(*[agree(shop, case.id)] * 2) == ["ok", "ok"]
    assert Refund.objects.filter(aftersale_id=case.id).count() == 2


def test_asking_twice_opens_one_case(shop: Shop) -> None:
    for _ in range(ROUNDS):
        trade = shop.order(2)
        answers = together(*[ask(trade)] * 4)
        assert sorted(answers) == ["aftersale_line_open"] * 3 + ["ok"]
        assert AfterSale.objects.filter(order_id=trade.id).count() == 1


def test_asking_twice_without_the_lock_is_stopped_by_the_database(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "lock_order", lambda order_id: Order.objects.get(id=order_id))
    trade = shop.order(2)
    answers = together(*[ask(trade)] * 4)
    assert answers.count("ok") == 1 and AfterSale.objects.filter(order_id=trade.id).count() == 1


def test_withdrawing_and_agreeing_at_once_has_one_outcome(shop: Shop) -> None:
    for _ in range(ROUNDS):
        case = claim(shop.order(2))
        answers = together(lambda c=case: buying.withdraw(c.trade.buyer.who, c.id), agree(shop, case.id))  # type: ignore[misc]
        assert sorted(answers) == ["illegal_transition", "ok"]
        refunds = Refund.objects.filter(aftersale_id=case.id).count()
        assert (case.state, refunds) in {("withdrawn", 0), ("agreed", 1)}


def test_two_helpers_ship_one_order_and_two_hosts_hand_one_out(shop: Shop) -> None:
    """STM-03."""
    for place in range(ROUNDS):
        trade, picked = shop.order(2), shop.order(2, pickup=True)
        answers = together(ship(trade, f"YT1{place:012d}"), ship(trade, f"YT2{place:012d}"))
        assert sorted(answers) == ["already_shipped", "ok"]
        hand = lambda t=picked: fulfilment.hand_out(shop.boss.who, t.id, PickupIn())  # noqa: E731
        assert sorted(together(hand, hand)) == ["already_picked", "ok"]
        assert (trade.lines[0].shipped_quantity, picked.lines[0].picked_quantity) == (2, 2)


def test_the_calendar_never_receives_an_order_whose_case_is_open(shop: Shop) -> None:
    """STM-10: received first and asked later, or asked first and not received."""
    for place in range(ROUNDS):
        trade = shop.order()
        ship(trade, f"YT3{place:012d}")()
        with frozen(now() + timedelta(days=11)):
            together(fulfilment.receive_due, ask(trade))
        events = OrderEvent.objects.filter(
            order_id=trade.id, event__in=["receive", "open"], axis__in=["delivery", "case"]
        )
        order = list(events.order_by("id").values_list("event", flat=True))
        assert order in (["open"], ["receive", "open"])


def test_two_workers_let_silence_decide_once(shop: Shop) -> None:
    case = case_in(shop, "requested", "refund_only")
    with frozen(now() + timedelta(hours=49)):
        together(*[actions.decide_silent] * 3)
    assert (case.state, Refund.objects.filter(aftersale_id=case.id).count()) == ("agreed", 1)


def _two_claims_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> int:
    """What a month of 20 yuan gives when two claims of 15 are weighed at one instant."""
    store = shop.world.store.id
    Allowance.objects.create(
        store_id=store, enabled=True, month_fen=2000, claim_fen=1500, percent=100, reasons=["changed_mind"],
        needs_picture=False, claims_per_buyer=9, updated_at=now(),
    )  # fmt: skip
    cases = [claim(shop.order(), amount=1500) for _ in range(2)]
    Order.objects.filter(store_id=store).update(payment_method="wechatpay")
    both, spent = threading.Barrier(2), allowance._spent

    def looked(store_id: int) -> int:
        found = spent(store_id)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return found

    monkeypatch.setattr(allowance, "_spent", looked)
    together(*(lambda case=case: allowance.settle(case.id) for case in cases))  # type: ignore[misc]
    return sum(AllowanceUse.objects.values_list("amount_fen", flat=True))


def test_two_small_claims_at_once_stay_within_the_month(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _two_claims_at_once(shop, monkeypatch) == 1500


def test_control_without_the_lock_the_month_is_overspent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Allowance.objects, "select_for_update", Allowance.objects.all)
    assert _two_claims_at_once(shop, monkeypatch) == 3000
