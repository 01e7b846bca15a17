"""Two shops with their buyers, and everybody who may knock at their doors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client

import factories as make
from console_login import signed_in_operator
from yantuan.aftersales import actions as aftersales
from yantuan.aftersales.schemas import AgreeIn, CounterOfferIn, RefuseIn, ReturnParcelIn
from yantuan.batchrefunds.models import BatchRefund
from yantuan.catalog.actions import archive_product
from yantuan.catalog.models import GoodsImport, GoodsImportRow, Sku
from yantuan.desk.models import DeskSignIn
from yantuan.fulfilment.models import ShipImport, ShipImportRow, Shipment
from yantuan.gate import passing
from yantuan.gate.rules import china_day
from yantuan.gate.schemas import PassIn
from yantuan.groupbuys.models import Offer
from yantuan.hosts import actions as arrivals
from yantuan.hosts import inviting
from yantuan.hosts.schemas import CountIn, CountLine
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person, Session
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id, short_code
from yantuan.kernel.tokens import token_hash
from yantuan.leaders.actions import create_invite_code, suspend_leader
from yantuan.leaders.models import Leader
from yantuan.members.counting import count
from yantuan.members.models import Member
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.actions import refund_as_leader
from yantuan.promotions.actions import issue_coupon
from yantuan.promotions.schemas import CouponIn
from yantuan.proxies.models import Claim, StandIn
from yantuan.reports.models import OrderExport
from yantuan.sharing.actions import share_group_buy
from yantuan.sharing.schemas import ShareIn
from yantuan.splits.models import SplitTerms
from yantuan.stores import staff_actions as staff
from yantuan.teams.models import Seat, Team
from yantuan.waiting.models import Wish

ROLES = (
    "visitor", "expired", "operator", "buyer", "other_buyer", "applicant", "suspended", "leader", "other_leader",
)  # fmt: skip
"""Visitor: no session. Expired: an ended one. Operator: signed in to the console, which gives no right in the API."""
SIGNED_OUT = ("visitor", "expired", "operator")
OWNERS = {"a": ("buyer", "leader"), "c": ("other_buyer", "other_leader"), "absent": ("", "")}
"""Whose the rows of each target are."""


@dataclass(frozen=True)
class Side:
    """One shop: `ids` fill addresses (`store_id`, `order_id` by state, …), `data` fills bodies."""

    leader: Person
    buyer: Person
    ids: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)

    def ghost(self) -> Side:
        """The same, with ids nobody has."""
        gone = {name: "zzzzzzzz" if isinstance(value, str) else new_id() for name, value in self.ids.items()}
        return replace(self, ids=gone)


@dataclass
class Caller:
    """Somebody with a browser. `own` holds what they need in bodies of their own."""

    role: str
    person: Person | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        """A browser as it was before anybody signed out."""
        client = Client(headers={CLIENT_HEADER: "h5"}, raise_request_exception=False)
        for name, value in self.cookies.items():
            client.cookies[name] = value
        return client


@dataclass
class Town:
    sides: dict[str, Side]
    callers: dict[str, Caller]
    code: str
    """An invite code with uses left."""


def _goods(leader: Person) -> dict[str, Any]:
    store = make.store(leader)
    goods = make.product(store, prices=(3990, 2510), title="阳光玫瑰葡萄")
    return {
        "store": store,
        "goods": goods,
        "old": archive_product(leader, make.product(store, title="去年的米").id),
        "sale": make.group_buy(store, [goods]),
        "draft": make.group_buy(store, [goods], publish=False),
    }


def _orders(sale: Any, buyer: Person) -> dict[str, Order]:
    """One order per state the routes ask for."""
    rows = {
        "unpaid": make.order(sale, buyer, quantity=2),
        "proven": make.order(sale, buyer),
        "paid": make.paid(make.order(sale, buyer)),
        "to_pick": make.paid(make.order(sale, buyer, method="pickup")),
        "picked": make.picked(make.order(sale, buyer, method="pickup")),
        "shipped": make.shipped(make.order(sale, buyer)),
        "received": make.received(make.order(sale, buyer)),
        "refunding": make.paid(make.order(sale, buyer)),
    }
    return {name: Order.objects.get(id=row.id) for name, row in rows.items()}


def _cases(sale: Any, leader: Person, buyer: Person) -> dict[str, int]:
    """One after-sale case per state the routes ask for."""
    kinds = {"requested": "refund_only", "offered": "refund_only", "refused": "refund_only"}
    kinds |= {"awaiting": "return_refund", "returning": "return_refund"}
    cases = {}
    for name, kind in kinds.items():
        order = make.received(make.order(sale, buyer, quantity=2))
        cases[name] = make.aftersale(order, kind=kind).id  # type: ignore[arg-type]
    aftersales.offer(leader, cases["offered"], CounterOfferIn(amount_fen=100, answer="先退一元"))
    aftersales.refuse(leader, cases["refused"], RefuseIn(answer="照片看不出问题"))
    for name in ("awaiting", "returning"):
        aftersales.agree(leader, cases[name], AgreeIn())
    aftersales.send_return(
        buyer, cases["returning"], ReturnParcelIn(carrier_name="圆通", tracking_no="YT9900001")
    )
    return cases


def _export(store: Any, leader: Person) -> int:
    """A sheet that could not be written."""
    return OrderExport.objects.create(
        store_id=store.id, person_id=leader.id, state="failed", orders_total=3, created_at=now()
    ).id


def _terms(store: Any) -> int:
    """An agreement somebody proposed, about an account out of use, so that the store is paid as before."""
    account = MerchantAccount.objects.create(
        store=store, mode="partner", state="checked", mchid="1900000201", sub_mchid="1900000301", created_at=now(),
        updated_at=now(), retired_at=now(),
    )  # fmt: skip
    return SplitTerms.objects.create(
        account=account,
        store_id=store.id,
        rate_bp=500,
        max_ratio=3000,
        reason="服务费",
        proposed_by=1,
        proposed_at=now(),
    ).id


def _staff(store: Any, leader: Person) -> dict[str, int]:
    """A helper with no right that any operation asks for, and an invitation nobody has used."""
    invited, _ = staff.invite(leader, store, ["goods"], "小王")
    _, token = staff.invite(leader, store, ["data"], "小李")
    return {"staff_invite_id": invited.id, "member_id": staff.accept(make.person("小李"), token).id}


def _hosts(store: Any, sale: Any, leader: Person) -> dict[str, int]:
    """A host of the shop's point, an invitation nobody has used, and goods counted there once."""
    point = store.pickup_points.get()
    invited, _ = inviting.invite(leader, point, "东门老周")
    _, token = inviting.invite(leader, point, "东门老吴")
    offers = Offer.objects.filter(group_buy=sale).order_by("position").values_list("id", flat=True)
    arrivals.count(
        leader, sale, point, CountIn(base=0, lines=[CountLine(offer_id=i, came=2) for i in offers])
    )
    return {"host_invite_id": invited.id, "host_id": inviting.accept(make.person("老吴"), token).id}


def _claim(sale: Any, leader: Person) -> int:
    """A claim of a neighbour's orders that was undone."""
    stand_in = StandIn.objects.create(
        store_id=sale.store_id, group_buy=sale, person=make.person("没账号的邻居"), who=f"{sale.id}",
        token_hash=f"{sale.id}", token_sealed="", created_by=leader.id, created_at=now(),
    )  # fmt: skip
    return Claim.objects.create(
        store_id=sale.store_id, group_buy=sale, stand_in=stand_in, person=leader, participation_id=1, number=1,
        merged=False, created_at=now(), undone_at=now(), undone_by=leader.id,
    ).id  # fmt: skip


def _coupon_of(leader: Person, store: Any) -> int:
    """A coupon anybody may take."""
    body = CouponIn(kind="fixed", minus_fen=500, starts_at=now(), ends_at=now() + timedelta(days=30))
    return issue_coupon(leader, store.id, body).id


def _wish(sale: Any, buyer: Person) -> int:
    """The buyer's place in a line."""
    offer = Offer.objects.filter(group_buy=sale).earliest("id")
    return Wish.objects.create(
        store_id=sale.store_id, group_buy_id=sale.id, offer=offer, pool_id=offer.pool_id, person=buyer, quantity=1,
        lined_up_at=now(),
    ).id  # fmt: skip


def _team(sale: Any, order: Order) -> str:
    """A team the buyer has started."""
    moment = now()
    team = Team.objects.create(
        code=short_code(), store_id=sale.store_id, group_buy=sale, size=3, taken=1, sell_anyway=False,
        started_at=moment, ends_at=moment + timedelta(hours=24),
    )  # fmt: skip
    Seat.objects.create(
        team=team, group_buy_id=sale.id, order_id=order.id, person_id=order.person_id, taken_at=moment
    )
    return team.code


def _members(sale: Any, store: Any, buyer: Person) -> dict[str, int]:
    """The buyer and a neighbour as the store sees them."""
    other = make.person("同楼邻居")
    make.paid(make.order(sale, other))
    count(store.id, [buyer.id, other.id])
    rows = dict(Member.objects.filter(store_id=store.id).values_list("person_id", "id"))
    return {"buyer_member_id": rows[buyer.id], "other_member_id": rows[other.id]}


def _pass(buyer: Person, order: Order) -> int:
    """A pass for a friend who may fetch the order today."""
    body = PassIn(order_ids=[order.id], friend="李阿姨", day=china_day(now()))
    return passing.make(buyer, body)[0].id


def _batch(sale: Any, store: Any, leader: Person) -> int:
    """Refunds of a batch that were stopped."""
    return BatchRefund.objects.create(
        store_id=store.id, group_buy=sale, person_id=leader.id, offer_ids=[], percent=10, reason="坏果", orders=1,
        total_fen=1, created_at=now(), state="stopped", ended_at=now(),
    ).id  # fmt: skip


def _goods_sheet(store: Any, leader: Person) -> int:
    """A sheet of goods to be agreed to."""
    batch = GoodsImport.objects.create(
        store_id=store.id,
        person_id=leader.id,
        digest="goods",
        size=9,
        rows_total=1,
        created_at=now(),
        seen_at=now(),
    )
    GoodsImportRow.objects.create(
        batch=batch, place=0, row=2, good=0, title="梨", severity="note", problems=[["known", {}]],
        values={"price_fen": 500, "market_fen": None, "cost_fen": None, "stock": 1, "limit": 0, "code": "", "note": "", "weight_g": 0},
    )  # fmt: skip
    return batch.id


def _imports(store: Any, leader: Person, order: Order) -> dict[str, int]:
    """A sheet to be agreed to, and one that is booked."""
    found = {}
    for name, state in (("import_id", "preview"), ("booked_import_id", "booked")):
        batch = ShipImport.objects.create(
            store_id=store.id, person_id=leader.id, state=state, digest=name, size=9, rows_total=1,
            created_at=now(), seen_at=now(),
        )  # fmt: skip
        ShipImportRow.objects.create(
            batch=batch, place=0, row=2, order_id=order.id, number=order.number, carrier="YTO", carrier_name="圆通速递",
            tracking_no="YT0000000000009", action="ship", severity="ok",
        )  # fmt: skip
        found[name] = batch.id
    return found


def side(leader: Person, buyer: Person) -> Side:
    """A whole shop with one buyer's orders in every state."""
    goods = _goods(leader)
    sale, store = goods["sale"], goods["store"]
    orders = _orders(sale, buyer)
    proof = make.proven(orders["proven"])
    lines = OrderLine.objects.filter(order=orders["paid"]).order_by("id")
    refund = refund_as_leader(
        leader, orders["refunding"].id, [], include_freight=True, reason="缺货", restock=False
    )
    sessions.start(buyer, "mp")
    ids: dict[str, Any] = {
        "store_id": store.id, "code": sale.code, "store_code": store.code, "product_id": goods["goods"].id,
        "old_product_id": goods["old"].id, "sku_id": Sku.objects.filter(product=goods["goods"]).earliest("id").id,
        "group_buy_id": sale.id, "draft_id": goods["draft"].id, "offer_id": Offer.objects.filter(group_buy=sale).earliest("id").id,
        "point_id": store.pickup_points.get().id, "proof_id": proof.id, "refund_id": refund.id,
        "shipment_id": Shipment.objects.get(order=orders["shipped"]).id,
        "token": share_group_buy(leader, sale.id, ShareIn(kind="link")).token,
        "address_id": buyer.addresses.latest("id").id, "media_id": proof.media_id, "export_id": _export(store, leader),
        "terms_id": _terms(store),
        "session_id": Session.objects.filter(person=buyer).latest("created_at").id,
        "goods_import_id": _goods_sheet(store, leader),
        **_imports(store, leader, orders["paid"]),
        **_staff(store, leader),
        **_hosts(store, sale, leader),
        **_members(sale, store, buyer),
        "batch_id": _batch(sale, store, leader),
        "pass_id": _pass(buyer, orders["to_pick"]),


        "claim_id": _claim(sale, leader),
        "coupon_id": _coupon_of(leader, store),
        "wish_id": _wish(sale, buyer),
        "team_code": _team(sale, orders["picked"]),
        **{f"{name}_order_id": row.id for name, row in orders.items()},
        **{f"{name}_case_id": case for name, case in _cases(sale, leader, buyer).items()},
    }  # fmt: skip
    data = {
        "product_picture": make.picture(leader, "product").id,
        "skus": list(Sku.objects.filter(product=goods["goods"]).order_by("position").values_list("id", flat=True)),
        "offers": list(Offer.objects.filter(group_buy=sale).order_by("position").values_list("id", flat=True)),
        "paid_line": lines[0].id,
        "received_line": OrderLine.objects.filter(order=orders["received"]).earliest("id").id,
        "sale_public": make.sale_body(store, [goods["goods"]]).model_dump(mode="json"),
    }  # fmt: skip
    return Side(leader, buyer, ids, data)


def _suspended() -> Person:
    made = make.leader("停售团长")
    suspend_leader(Leader.objects.get(person=made).id, "投诉较多", 0)
    return made


def _operator() -> Caller:
    client, _ = signed_in_operator()
    return Caller("operator", cookies={settings.SESSION_COOKIE_NAME: client.session.session_key or ""})


def _computer() -> None:
    """A computer that shows the code 12345678."""
    DeskSignIn.objects.create(
        secret_hash=token_hash("desk"), code_hash=token_hash("12345678"), user_agent="Chrome", created_at=now(),
        expires_at=now() + timedelta(hours=1),
    )  # fmt: skip


def _caller(role: str, person: Person | None) -> Caller:
    if person is None:
        return Caller(role)
    return Caller(role, person, {sessions.COOKIE: sessions.start(person, "h5")}, _own(person))


def _own(person: Person) -> dict[str, Any]:
    return {
        "address": make.address(person).id,
        "avatar": make.picture(person, "avatar").id,
        "paper": make.picture(person, "certification").id,
        "proof": make.picture(person, "proof").id,
        "evidence": make.picture(person, "after_sale").id,
    }


def build() -> Town:
    """Everything, through the product's own verbs."""
    a = side(make.leader("林小满"), make.person("陈阿姨"))
    c = side(make.leader("周海生"), make.person("赵子墨"))
    people = {
        "buyer": a.buyer, "other_buyer": c.buyer, "leader": a.leader, "other_leader": c.leader,
        "applicant": make.applicant("申请中的人"), "suspended": _suspended(), "visitor": None,
    }  # fmt: skip
    callers = {role: _caller(role, person) for role, person in people.items()}
    ended = sessions.start(a.buyer, "h5")
    Session.objects.filter(token_hash=token_hash(ended)).update(expires_at=now())
    callers["expired"] = Caller("expired", cookies={sessions.COOKIE: ended})
    callers["operator"] = _operator()
    _computer()
    _, code = create_invite_code(None, 100, now() + timedelta(days=1))
    return Town({"a": a, "c": c, "absent": a.ghost()}, callers, code)
