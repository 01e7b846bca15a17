"""Bodies of the orders API.

A checkout's own classes and those of the lists are plain pydantic models: ninja's Schema looks attributes up on foreign
objects, which they never need. That costs the hot lane five times the decoding, and a page of orders a third of its time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import BaseModel, Field

from yantuan.identity.schemas import Room
from yantuan.kernel.http import Count, IdIn, IdOut, Phone, Text
from yantuan.orders.part_schemas import ProxyPart
from yantuan.orders.recipient_schemas import RecipientParts, StalePaper


class LineIn(BaseModel):
    offer_id: IdIn
    quantity: Count
    wish: Count | None = None
    """Of goods that come in cartons: the pieces wanted, where up to `quantity` would be taken; null: all of them."""


class AnswerIn(BaseModel):
    question_id: Annotated[Text, Field(min_length=1, max_length=8)]
    answer: Annotated[Text, Field(max_length=500)]
    """Of a picture question: the id of an own picture uploaded as `answer`."""


class PickupContact(BaseModel):
    name: Annotated[Text, Field(min_length=1, max_length=50)]
    phone: Phone
    building: Annotated[Text, Field(max_length=20)] = ""
    unit: Annotated[Text, Field(max_length=20)] = ""
    room: Room = ""


class TeamIn(Schema):
    """拼团: join the team of this id; without one, start a new team."""

    id: IdIn | None = None


class QuoteIn(Schema):
    group_buy_id: IdIn
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=50)]
    delivery_method: Literal["courier", "pickup"]
    address_id: IdIn | None = None
    """Where freight depends on the region: the address it goes to."""
    coupon_id: IdIn | None = None
    adds: bool = False
    team: TeamIn | None = None
    joins_order_id: IdIn | None = None


class QuoteLine(Schema):
    offer_id: IdOut
    title: str
    sku_name: str
    picture_url: str
    price_fen: int
    quantity: int
    amount_fen: int
    problem: str = ""
    """Why this line can't be ordered now (Chinese sentence); empty if it can."""
    problem_en: str = ""
    available: int
    suggested: int
    """Where there is a problem: the nearest quantity that could be ordered, 0 for none."""


class DeductionOut(Schema):
    """One reason why less is paid; `fen` is positive."""

    kind: str
    fen: int
    text: str
    text_en: str


class GiftOut(Schema):
    """赠品: a line the order may carry along for nothing."""

    offer_id: IdOut
    title: str
    sku_name: str
    picture_url: str
    quantity: int
    """To be sent along as a line of the order; 0 when none is left."""
    missing: int
    """Pieces earned that are no longer there."""


class QuoteOut(Schema):
    lines: list[QuoteLine]
    gifts: list[GiftOut] = []
    goods_fen: int
    freight_fen: int
    deductions: list[DeductionOut] = []
    hint: str = ""
    """What is missing to the next step of 满减 (Chinese); empty when there is none near."""
    hint_en: str = ""
    coupon_problem: str = ""
    """Why the wished coupon does not count (Chinese); empty if it does."""
    coupon_problem_en: str = ""
    total_fen: int
    freight_text: str
    freight_text_en: str
    demand: str = ""
    """What the sale as a whole has against this basket (Chinese sentence); empty if nothing."""
    demand_en: str = ""
    needs_mark: bool = False
    """Freight goes by distance and the chosen address has no point yet; `demand` says so."""
    orderable: bool


class OrderIn(BaseModel):
    """One checkout. The caller sends what it showed (`expected_total_fen`) only so that a changed price can be refused."""

    group_buy_id: IdIn
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=50)]
    delivery_method: Literal["courier", "pickup"]
    address_id: IdIn | None = None
    pickup_point_id: IdIn | None = None
    contact: PickupContact | None = None
    payment_method: Literal["wechatpay", "offline"] = "wechatpay"
    expected_total_fen: Annotated[int, Field(strict=True, ge=0)]
    answers: Annotated[list[AnswerIn], Field(max_length=8)] = []
    remark: Annotated[Text, Field(max_length=200)] = ""
    anonymous: bool = False
    share_token: Annotated[Text, Field(max_length=16)] = ""
    coupon_id: IdIn | None = None
    adds: bool = False
    """加单: goes into the parcel of the person's paid, unsent orders of this sale to the same address."""
    team: TeamIn | None = None
    """Bought at the team price; null: alone."""
    joins_order_id: IdIn | None = None
    """再加一点: keeps recipient and place of this earlier order of one's own in the sale, in place of address and contact; it `adds` too."""


class OrderPlaced(Schema):
    id: IdOut
    number: int
    """跟团号."""
    payment: str
    payment_method: str
    total_fen: int
    expires_at: datetime | None
    replayed: bool = False


class OrderLineOut(BaseModel):
    id: IdOut
    offer_id: IdOut
    title: str
    sku_name: str
    sku_code: str
    picture_url: str
    price_fen: int
    quantity: int
    amount_fen: int
    freight_share_fen: int
    shipped_quantity: int
    picked_quantity: int
    refunded_quantity: int
    refunded_fen: int


class Labels(BaseModel):
    """The three axes as people read them, and one headline over all."""

    payment: str
    delivery: str
    aftersale: str
    headline: str
    waiting: str = ""
    """Where the goods must not move yet, `delivery` in place of the axis' own word: 待成团, 待拼箱分配, 未成团."""
    waiting_en: str = ""


class OrderRow(BaseModel):
    """One card of the 订单 tab, for buyer and leader alike."""

    id: IdOut
    store_id: IdOut
    store_name: str
    group_buy_code: str
    group_buy_title: str
    number: int
    payment: str
    delivery: str
    aftersale: str
    labels: Labels
    payment_method: str
    delivery_method: str
    lines: list[OrderLineOut]
    total_fen: int
    paid_fen: int
    refunded_fen: int
    recipient_name: str
    """Masked for the leader unless the order is paid and open; whole for the buyer."""
    phone: str
    """Whole for the buyer; masked for the leader, who may reveal it where the order is paid and open."""
    place: str
    """Address or pick-up point on one line."""
    remark: str
    private_note: str
    flags: list[str]
    placed_at: datetime
    expires_at: datetime | None
    actions: list[str]
    """What the viewer may do now: pay, cancel, send_proof, confirm_receipt, aftersale, ship, pickup, refund, confirm_payment, ..."""


class EventOut(Schema):
    at: datetime
    text: str
    """Natural Chinese, e.g. 买家完成支付 ¥39.90."""
    text_en: str
    who: str
    who_en: str
    axis: str
    event: str


class ParcelOut(Schema):
    id: IdOut
    carrier: str
    carrier_name: str
    tracking_no: str
    note: str
    lines: list[str]
    """e.g. ["五常大米 5kg ×1"]."""
    created_at: datetime
    corrected: bool
    withdrawn: bool
    state: str
    """What people read: 运输中, 派送中, 已签收, 已撤回, …"""
    state_en: str = ""
    status: str = ""
    """created, picked_up, in_transit, delivering, at_station, exception, returned or signed; empty when nothing is known."""
    latest: str = ""
    """The newest line of the trace, without personal data."""
    latest_at: datetime | None = None
    alarm: str = ""
    """exception, returned, silent (no news for two days) or refused (the number can't be watched); empty when all is well."""


class RefundOut(Schema):
    id: IdOut
    amount_fen: int
    state: str
    state_label: str
    cause: str
    cause_label: str
    reason: str
    offline: bool
    problem: str
    created_at: datetime
    done_at: datetime | None


class ProofOut(Schema):
    id: IdOut
    picture_url: str
    amount_fen: int
    note: str
    state: str
    flags: list[str]
    reason: str
    created_at: datetime


class AfterSaleBrief(Schema):
    id: IdOut
    kind: str
    state: str
    state_label: str
    requested_fen: int


class ShipInfoOut(Schema):
    """What WeChat knows of this order's shipping: its money is frozen there until it knows, and the buyer has confirmed."""

    state: str
    state_label: str
    problem: str
    """Stable code of a trouble; empty when there is none."""
    advice: str
    """What happened and what to do, in Chinese."""
    provider_code: str
    correction_used: bool
    actions: list[str]
    """`arrived` (the goods are at the pick-up point), `retry`, `correct`."""
    uploaded_at: datetime | None
    confirmed_at: datetime | None
    settles_at: datetime | None
    """When WeChat means to let the money go by itself."""
    settled_at: datetime | None


class WechatConfirm(Schema):
    """What the mini-program gives to WeChat's own confirmation of a receipt."""

    transaction_id: str


class PickupPlace(Schema):
    name: str
    address: str
    hours: str
    contact_name: str
    contact_phone: str


class TeamRef(Schema):
    """The team an order is in (拼团)."""

    code: str
    state: str
    """forming, formed, over (its money goes back) or kept (sold at the team price anyway)."""
    state_label: str
    state_label_en: str
    size: int
    paid: int
    """Members who have paid."""
    ends_at: datetime
    sell_anyway: bool


class OrderDetail(OrderRow):
    goods_fen: int
    freight_fen: int
    discount_fen: int
    deductions: list[DeductionOut] = []
    about_m: int | None = None
    """Where freight went by distance: the straight line in metres, rounded up to hundreds."""
    answers: list[dict[str, str]]
    pickup_place: PickupPlace | None
    pickup_code: str
    """Only for the buyer of a paid pick-up order."""
    parcels: list[ParcelOut]
    refunds: list[RefundOut]
    proofs: list[ProofOut]
    aftersales: list[AfterSaleBrief]
    ship_info: ShipInfoOut | None = None
    """Only for the leader, and only where WeChat must be told."""
    wechat_confirm: WechatConfirm | None = None
    """Only for the buyer, while a confirmation at WeChat is open."""
    team: TeamRef | None = None
    proxy: ProxyPart | None = None
    """Of an order the leader placed for somebody; for the leader alone."""
    timeline: list[EventOut]
    address_changes: int = 0
    """How often the destination was changed; sent back with a parcel, so that none leaves with an address nobody looked at."""
    stale_paper: StalePaper | None = None
    """Only for the leader of a paid order that has not left whole."""
    paid_at: datetime | None
    closed_at: datetime | None
    close_reason: str
    auto_receive_at: datetime | None
    collection_code_url: str
    offline_note: str
    contact_wechat: str
    contact_phone: str


class NoteIn(Schema):
    private_note: Annotated[Text, Field(max_length=300)]


class RevealOut(Schema):
    """The recipient in full, for the person who ships a paid, open order; every reveal is audited."""

    recipient_name: str
    phone: str
    place: str
    parts: RecipientParts | None = None
    """The same taken apart, for who corrects it."""


class OrderCounts(Schema):
    """Numbers on the tabs of the leader's order desk."""

    all: int
    to_ship: int
    to_pick: int
    to_confirm: int
    aftersale: int
    unpaid: int
    ship_info: int = 0
    """WeChat must be told rightly what was shipped."""
