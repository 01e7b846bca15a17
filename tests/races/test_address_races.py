"""A parcel leaves while its address changes: whoever comes second is told, and nothing leaves to where it should no more (SHP-06)."""

from __future__ import annotations

from fulfilment.sheetworld import HEAD, line, number, sent, xlsx
from fulfilment.tradeworld import NUMBER, Shop, make_shop
from races.racing import LOCK, SEEN, meeting, together, without
from yantuan.fulfilment.imports import actions, booking
from yantuan.fulfilment.models import ShipImportRow, Shipment
from yantuan.fulfilment.schemas import ShipIn
from yantuan.fulfilment.shipping import ship
from yantuan.kernel.errors import AppError
from yantuan.orders.readdress_schemas import ReaddressIn, RecipientIn
from yantuan.orders.readdressing import readdress

WRITES_ORDER = 'UPDATE "orders_order" SET'
NEW = RecipientIn(
    name="张三丰",
    phone="13987654321",
    province="浙江省",
    city="杭州市",
    district="余杭区",
    detail="五常大道 9 号",
)


def outcome(shop: Shop, number: str, seen: int | None = 0) -> tuple[int, bool, set[str]]:
    """Parcels sent, whether the address changed, and the codes of refusals."""
    trade = shop.order(1)
    body = ShipIn(carrier="YTO", tracking_no=number, seen=seen)
    done = together(
        [
            lambda: ship(shop.boss.who, trade.id, body),
            lambda: readdress(trade.buyer.who, trade.id, ReaddressIn(recipient=NEW), "buyer"),
        ]
    )
    wrong = [one for one in done if isinstance(one, Exception) and not isinstance(one, AppError)]
    assert wrong == []
    codes = {one.code for one in done if isinstance(one, AppError)}
    return Shipment.objects.filter(order_id=trade.id).count(), trade.row.district == "余杭区", codes


def test_a_parcel_leaves_or_its_address_changes() -> None:
    shop = make_shop(stock_units=50)
    seen = set()
    for turn in range(8):
        parcels, moved, codes = outcome(shop, f"{NUMBER[:-2]}{turn:02d}")
        assert (parcels, moved) in {(1, False), (0, True)}
        assert codes <= {"already_shipped", "address_changed"} and len(codes) == 1
        seen |= codes
    assert seen


def sheet_outcome(shop: Shop, place: int) -> tuple[int, bool, set[str]]:
    """Two orders in one parcel, sent by a sheet that names one: parcels, whether the address changed, results of the row."""
    pair = shop.world.buyer()
    first, second = shop.order(1, pair=pair), shop.order(1, pair=pair)
    batch = int(sent(shop, xlsx(HEAD, line(first, number(place))))["id"])
    actions.confirm(shop.boss.who, batch, [])
    done = together(
        [
            lambda: booking.book(batch),
            lambda: readdress(pair[0], second.id, ReaddressIn(recipient=NEW), "buyer"),
        ]
    )
    wrong = [one for one in done if isinstance(one, Exception) and not isinstance(one, AppError)]
    assert wrong == []
    results = ShipImportRow.objects.filter(batch_id=batch).values_list("result", "refusal")
    parcels = Shipment.objects.filter(order_id__in=[first.id, second.id]).count()
    moved = {one.row.district == "余杭区" for one in (first, second)}
    assert len(moved) == 1, "what is packed together moves together"
    return parcels, moved.pop(), {" ".join(one).strip() for one in results}


def test_a_sheet_sends_a_whole_parcel_or_its_address_changes() -> None:
    shop = make_shop(stock_units=50)
    for turn in range(8):
        assert sheet_outcome(shop, turn) in [(2, False, {"booked"}), (0, True, {"refused address_changed"})]


def test_control_without_guards_a_parcel_leaves_to_where_it_should_no_more() -> None:
    shop = make_shop(stock_units=50)
    with without(LOCK, SEEN), meeting(WRITES_ORDER, 2):
        assert outcome(shop, NUMBER, seen=None) == (1, True, set())
