"""Two people and one order (REF-12, STM): one legal outcome, and the version says no where a lock is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from fulfilment.tradeworld import Shop, Trade, make_shop
from orders.orderworld import counts, make_world, order_of
from races.conftest import Pace
from races.racing import LOCK, SEEN, crowd, meeting, together, without
from yantuan.aftersales import actions as cases
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.schemas import AgreeIn, ClaimIn, ClaimLineIn
from yantuan.fulfilment import receiving
from yantuan.fulfilment.schemas import ShipIn
from yantuan.fulfilment.shipping import ship
from yantuan.groupbuys.actions import close_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Placed, Refused
from yantuan.orders.models import Order, OrderEvent
from yantuan.orders.placing import place_orders
from yantuan.payments.models import Refund

MOVES_ORDER = 'UPDATE "orders_order"'


def _answer(done: object) -> str:
    if isinstance(done, AppError):
        return done.code
    assert not isinstance(done, Exception), done
    return "ok"


def _ship(trade: Trade, place: int) -> Callable[[], object]:
    body = ShipIn(carrier="YTO", tracking_no=f"YT{trade.id % 10**8:08d}{place:05d}")
    return lambda: ship(trade.shop.boss.who, trade.id, body)


def _claim(trade: Trade) -> Callable[[], AfterSale]:
    line = trade.lines[0]
    body = ClaimIn(
        kind="refund_only", reason="changed_mind", amount_fen=line.price_fen,
        lines=[ClaimLineIn(order_line_id=line.id, quantity=1)],
    )  # fmt: skip
    return lambda: cases.claim(trade.buyer.who, trade.id, body)


def _agree(shop: Shop, case: AfterSale) -> Callable[[], object]:
    return lambda: cases.agree(shop.boss.who, case.id, AgreeIn())


def test_shipping_beside_approving(pace: Pace) -> None:
    """REF-12: what is refunded was never shipped."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(4, 200, 1)):
            trade = shop.order()
            case = _claim(trade)()
            answers = [_answer(one) for one in together([_ship(trade, place), _agree(shop, case)])]
            assert answers in (["aftersale_open", "ok"], ["nothing_left", "ok"])
            assert (trade.lines[0].shipped_quantity, trade.lines[0].refunded_quantity) == (0, 1)


def test_shipping_beside_asking(pace: Pace) -> None:
    """REF-12: shipped and then asked, or asked and then not shipped; the timeline says which."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(4, 200, 1)):
            trade = shop.order()
            answers = [_answer(one) for one in together([_ship(trade, place), _claim(trade)])]
            events = OrderEvent.objects.filter(order_id=trade.id, event__in=["open", "ship_all"])
            steps = list(events.exclude(axis="aftersale").order_by("id").values_list("event", flat=True))
            assert (answers, steps) in (
                (["ok", "ok"], ["ship_all", "open"]),
                (["aftersale_open", "ok"], ["open"]),
            )


def test_control_without_the_lock_a_claimed_piece_leaves() -> None:
    """REF-12: both look, then both write."""
    shop = make_shop(stock_units=20)
    trade = shop.order()
    with without(LOCK, SEEN), meeting('INSERT INTO "(fulfilment_shipment|aftersales_aftersale)"', 2):
        answers = [_answer(one) for one in together([_ship(trade, 0), _claim(trade)])]
    assert answers == ["ok", "ok"]
    events = OrderEvent.objects.filter(order_id=trade.id, event__in=["open", "ship_all"]).exclude(
        axis="aftersale"
    )
    assert sorted(events.values_list("event", flat=True)) == ["open", "ship_all"]
    # The claim was written for a parcel that, as far as it knew, was still at home.
    assert (
        AfterSale.objects.get(order_id=trade.id).kind == "refund_only"
        and trade.lines[0].shipped_quantity == 1
    )


def test_two_helpers_ship(pace: Pace) -> None:
    """STM-03: one wins, the other is told, the number that went out stands."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(3, 100, 1)):
            trade = shop.order(2)
            answers = [_answer(one) for one in together([_ship(trade, 10 * place + n) for n in range(2)])]
            assert sorted(answers) == ["already_shipped", "ok"]
            assert (trade.lines[0].shipped_quantity, trade.row.shipments.count()) == (2, 1)  # type: ignore[attr-defined]


def test_control_without_guards_one_order_leaves_twice() -> None:
    """STM-03."""
    shop = make_shop(stock_units=20)
    trade = shop.order(2)
    with without(LOCK, SEEN), meeting('INSERT INTO "fulfilment_shipment"', 2):
        done = together([_ship(trade, n) for n in range(2)])
    # The counters' own CHECK is the last defence: the second parcel would have held more than was bought.
    assert [type(one).__name__ for one in done if isinstance(one, Exception)] == ["IntegrityError"]


def test_the_calendar_beside_a_claim(pace: Pace) -> None:
    """STM-10: received first and asked later, or asked first and not received."""
    shop = make_shop(stock_units=300)
    with crowd(2):
        for place in range(pace.size(3, 100, 1)):
            trade = shop.order()
            _ship(trade, place)()
            Order.objects.filter(id=trade.id).update(auto_receive_at=now())
            together([receiving.receive_due, _claim(trade)])
            events = OrderEvent.objects.filter(order_id=trade.id, event__in=["receive", "open"]).exclude(
                axis="aftersale"
            )
            assert list(events.order_by("id").values_list("event", flat=True)) in (
                ["open"],
                ["receive", "open"],
            )


def test_control_without_guards_an_open_case_is_received() -> None:
    """STM-10."""
    shop = make_shop(stock_units=20)
    trade = shop.order()
    _ship(trade, 0)()
    Order.objects.filter(id=trade.id).update(auto_receive_at=now())
    with without(LOCK, SEEN), meeting(f'{MOVES_ORDER}|INSERT INTO "aftersales_aftersale"', 2):
        together([receiving.receive_due, _claim(trade)])
    assert trade.axes[1:] == ("received", "open")


def test_closing_a_sale_beside_its_buyers(pace: Pace) -> None:
    """STM-06: placed orders stay payable to their own deadline; whoever comes later is told."""
    buyers = pace.size(16, 50, 4)
    with crowd(buyers + 1):
        for _ in range(pace.size(1, 20, 1)):
            world = make_world(stock_units=buyers)
            drafts = [world.draft(payment_method="offline") for _ in range(buyers)]
            works: list[Any] = [lambda d=draft: place_orders([d])[0] for draft in drafts]  # type: ignore[misc]
            works.insert(buyers // 2, lambda w=world: close_group_buy(w.leader_person, w.group_buy.id))
            done = together(works)
            outcomes = [one for one in done if isinstance(one, (Placed, Refused))]
            assert len(outcomes) == buyers, done
            assert {one.error.code for one in outcomes if isinstance(one, Refused)} <= {"sale_closed"}
            assert GroupBuy.objects.get(id=world.group_buy.id).state == "closed"
            for order in (order_of(one) for one in outcomes if isinstance(one, Placed)):
                assert order.expires_at is not None and order.expires_at > now() + timedelta(minutes=5)
                with transaction.atomic():
                    assert orders.mark_paid(order.id, order.total_fen, SYSTEM).payment == "paid"
            [late] = place_orders([world.draft()])
            assert isinstance(late, Refused) and late.error.code == "sale_closed"


def test_paying_beside_closing(pace: Pace) -> None:
    """STM: one of both, never a mixture."""
    world = make_world(stock_units=400)
    with crowd(2):
        for _ in range(pace.size(5, 200, 2)):
            order = order_of(place_orders([world.draft(payment_method="offline")])[0])
            assert sorted(_answer(one) for one in together(_pay_and_close(order))) == [
                "illegal_transition",
                "ok",
            ]
    assert counts(world.offers[0])[1] == 0


def _pay_and_close(order: Order) -> list[Callable[[], Order]]:
    def pay() -> Order:
        with transaction.atomic():
            return orders.mark_paid(order.id, order.total_fen, SYSTEM)

    def close() -> Order:
        with transaction.atomic():
            return orders.close_order(order.id, "expired", SYSTEM)

    return [pay, close]


def test_without_the_lock_the_version_still_refuses() -> None:
    """STM-04: who decided on a stale row writes nothing."""
    world = make_world(stock_units=10)
    for _ in range(2):
        order = order_of(place_orders([world.draft(payment_method="offline")])[0])
        with without(LOCK), meeting(MOVES_ORDER, 2):
            answers = sorted(_answer(one) for one in together(_pay_and_close(order)))
        assert answers == ["ok", "order_changed"]
        assert OrderEvent.objects.filter(order_id=order.id, axis="payment").count() == 1
    assert counts(world.offers[0])[1] == 0


def test_control_without_lock_and_version_it_is_paid_and_closed() -> None:
    """STM-04: it shows within a few rounds (who closes first is saved by the stock it has released)."""
    world = make_world(stock_units=50)
    both = []
    while len(both) < 12 and ["ok", "ok"] not in both:
        order = order_of(place_orders([world.draft(payment_method="offline")])[0])
        with without(LOCK, SEEN), meeting(MOVES_ORDER, 2):
            both.append([_answer(one) for one in together(_pay_and_close(order))])
    assert both[-1] == ["ok", "ok"]
    assert OrderEvent.objects.filter(order_id=order.id, axis="payment").count() == 2


def test_agreeing_twice(pace: Pace) -> None:
    """REF-02 through a case: one refund however many tabs agree."""
    shop = make_shop(stock_units=300)
    taps = pace.size(6, 20, 3)
    with crowd(taps):
        for _ in range(pace.size(3, 50, 1)):
            trade = shop.order(2)
            case = _claim(trade)()
            assert [_answer(one) for one in together([_agree(shop, case)] * taps)] == ["ok"] * taps
            assert Refund.objects.filter(aftersale_id=case.id).count() == 1


def test_silence_beside_the_leader(pace: Pace) -> None:
    """STM: the timer and the leader decide the same case in the same second."""
    shop = make_shop(stock_units=100)
    with crowd(3):
        for _ in range(pace.size(3, 50, 1)):
            case = _claim(shop.order(2))()
            AfterSale.objects.filter(id=case.id).update(due_at=now())
            together([cases.decide_silent, _agree(shop, case), cases.decide_silent])
            row = AfterSale.objects.get(id=case.id)
            assert (row.state, Refund.objects.filter(aftersale_id=case.id).count()) == ("agreed", 1)
