"""What goes into placing orders and what comes out: plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from yantuan.groupbuys.options import (
    NO_OFFER_OPTIONS,
    NO_SALE_OPTIONS,
    OfferOptions,
    SaleOptions,
)
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.kernel.spots import Spot
from yantuan.orders.deducting import Deduction
from yantuan.orders.schemas import OrderPlaced
from yantuan.stores.freight import FreightTemplate

DeliveryMethod = Literal["courier", "pickup"]


@dataclass(frozen=True, slots=True)
class DraftLine:
    offer_id: int
    quantity: int
    wish: int = 0
    """拼箱: the pieces wanted, of the `quantity` paid for; 0: all of them."""


@dataclass(frozen=True, slots=True)
class TeamWish:
    """拼团: bought at the team price, in the team of this id or, without one, in a new team."""

    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives and where, as it is kept on the order; the phone is sealed already."""

    name: str
    phone_sealed: str
    phone_last4: str
    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    spot: Spot | None = None
    """Of the address, where its owner marked it; never kept on an order."""
    metres: int | None = None
    """How far an earlier order to this place was charged for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One checkout waiting to be placed. Fields are those of `OrderIn`, cleaned."""

    person_id: int
    group_buy_id: int
    lines: tuple[DraftLine, ...]
    delivery_method: DeliveryMethod
    payment_method: Literal["wechatpay", "offline"]
    expected_total_fen: int
    idempotency_key: str
    body_hash: str
    actor: Actor
    address_id: int | None = None
    pickup_point_id: int | None = None
    contact: Recipient | None = None
    answers: tuple[tuple[str, str], ...] = ()
    remark: str = ""
    anonymous: bool = False
    share_token: str = ""
    coupon_id: int | None = None
    """The person's copy of a coupon to be used (`orders.coupon_terms`)."""
    adds: bool = False
    """加单: joins the open parcel of the same 跟团号 where there is one (`orders.open_parcels`)."""
    team: TeamWish | None = None
    """None: bought alone."""
    joins: int | None = None
    """The earlier order whose recipient and place this one keeps; then no address and no contact is given."""


@dataclass(frozen=True, slots=True)
class GroupTerms:
    """A group buy with what its store adds, as read in the booking transaction."""

    id: int
    store_id: int
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime | None
    selling: bool
    courier: bool
    pickup: bool
    pickup_point_ids: frozenset[int]
    questions: tuple[Mapping[str, Any], ...]
    payment_methods: tuple[str, ...]
    freight_kind: str
    freight_fen: int
    free_above_fen: int
    halted: bool = False
    """The self-check stopped the store; then it isn't selling either."""
    options: SaleOptions = NO_SALE_OPTIONS
    freight_template: FreightTemplate | None = None
    """The store's; a sale may have one of its own."""


@dataclass(frozen=True, slots=True)
class OfferTerms:
    id: int
    group_buy_id: int
    product_id: int
    pool_id: int
    price_fen: int
    limit_per_person: int
    removed: bool
    title: str
    sku_name: str
    sku_code: str
    picture_media_id: int | None
    options: OfferOptions = NO_OFFER_OPTIONS
    weight_g: int = 0
    """Of one piece; 0: not weighed."""


@dataclass(frozen=True, slots=True)
class PointTerms:
    """A live pick-up point; `snapshot` is what the order keeps of it."""

    id: int
    store_id: int
    snapshot: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An order placed before under the same (store, person, key)."""

    body_hash: str
    placed: OrderPlaced


@dataclass(frozen=True, slots=True)
class Joined:
    """An earlier order that another is added to, as far as that one keeps it."""

    group_buy_id: int
    delivery_method: str
    point_id: int
    """0 for courier."""
    open: bool
    """Nothing of it has left, and it is neither closed nor given back."""
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Reserved:
    """Units of a pool that are held for one person already, until they order."""

    id: int
    pool_id: int
    quantity: int


@dataclass(slots=True)
class Snapshot:
    """Everything `decide` looks at, read after the pools were locked."""

    now: datetime
    hold_seconds: int
    groups: dict[int, GroupTerms] = field(default_factory=dict)
    offers: dict[int, OfferTerms] = field(default_factory=dict)
    available: dict[int, int] = field(default_factory=dict)
    """Free units per pool id."""
    limit_used: dict[tuple[int, int], int] = field(default_factory=dict)
    """(offer id, person id) → units in live orders."""
    addresses: dict[tuple[int, int], Recipient] = field(default_factory=dict)
    """(address id, person id)."""
    points: dict[int, PointTerms] = field(default_factory=dict)
    joined: dict[tuple[int, int], Joined] = field(default_factory=dict)
    """(order id, person id) of orders that drafts are added to."""
    earlier: dict[tuple[int, int, str], Earlier] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    """Group buy id → the last 跟团号 given."""
    participations: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(group buy id, person id) → (participation id, 跟团号)."""
    unpaid: dict[tuple[int, int], int] = field(default_factory=dict)
    """(group buy id, person id) → orders not yet paid."""
    recent: dict[int, int] = field(default_factory=dict)
    """Person id → orders placed in the last minute."""
    blocked: set[tuple[int, int]] = field(default_factory=set)
    """(group buy id, person id) of people the store takes no orders from."""
    shares: dict[str, int] = field(default_factory=dict)
    reserved: dict[tuple[int, int], Reserved] = field(default_factory=dict)
    """(offer id, person id) → what is held for them, put here by a hook."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Facts of options by the name of their hook (see `hooks`); empty where no sale of the batch has any."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One order line to be written."""

    id: int
    offer: OfferTerms
    quantity: int
    price_fen: int
    """Of one unit when it was placed."""
    amount_fen: int
    discount_share_fen: int
    freight_share_fen: int


@dataclass(frozen=True, slots=True)
class Join:
    """One buyer's place in one group buy: known, or new with the next 跟团号 in order of arrival."""

    id: int
    group_buy_id: int
    store_id: int
    person_id: int
    number: int
    created_at: datetime
    fresh: bool = False
    """To be written with this batch."""
    anonymous: bool = False


@dataclass(slots=True)
class Booking:
    """One order to be written with its lines."""

    id: int
    draft: Draft
    group: GroupTerms
    join: Join
    lines: tuple[LineRow, ...]
    recipient: Recipient
    point: PointTerms | None
    answers: list[dict[str, str]]
    goods_fen: int
    freight_fen: int
    discount_fen: int
    total_fen: int
    payment: str
    payment_method: str
    delivery: str
    placed_at: datetime
    expires_at: datetime | None
    share_id: int | None
    reserved: tuple[Reserved, ...] = ()
    """Held before for this person; the hold turns into the order's own."""
    deductions: tuple[Deduction, ...] = ()
    coupon_fen: int = 0
    """What its coupon was worth."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a hook learnt while the order was granted and needs to write it, by the hook's name."""

    @property
    def zero(self) -> bool:
        """Nothing to pay: sold at once instead of held."""
        return self.payment == "paid"

    def placed(self, *, replayed: bool = False) -> OrderPlaced:
        """The answer to the caller."""
        return OrderPlaced.model_construct(
            id=str(self.id),
            number=self.join.number,
            payment=self.payment,
            payment_method=self.payment_method,
            total_fen=self.total_fen,
            expires_at=self.expires_at,
            replayed=replayed,
        )


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same checkout again inside one batch: answered like the first one."""

    of: Booking


Decision = Booking | Repeat | Earlier | AppError


@dataclass(frozen=True, slots=True)
class Placed:
    order: OrderPlaced


@dataclass(frozen=True, slots=True)
class Refused:
    error: AppError


Outcome = Placed | Refused
