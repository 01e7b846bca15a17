"""Bodies of the group-buy API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.catalog.schemas import LimitIn, StockIn
from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.limits import Audience, SelfCancel
from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.kernel.reviews import ReviewOut
from yantuan.media.schemas import MediaOut
from yantuan.stores.schemas import PickupPointOut, StoreCard

Status = Literal["draft", "coming", "open", "ended", "closed", "suspended"]
"""What people see: 草稿 / 即将开始 / 进行中 / 已结束 / 已截单 / 暂停销售."""


class TextBlock(Schema):
    kind: Literal["text"]
    text: Annotated[Text, Field(min_length=1, max_length=2000)]


class PictureBlockIn(Schema):
    kind: Literal["picture"]
    media_id: IdIn


class BlockOut(Schema):
    kind: Literal["text", "picture"]
    text: str = ""
    picture: MediaOut | None = None


class Question(Schema):
    id: Annotated[Text, Field(min_length=1, max_length=8, pattern=r"^[a-z0-9]+$")]
    label: Annotated[Text, Field(min_length=1, max_length=30)]
    kind: Literal["text", "choice", "long", "picture"] = "text"
    """`long`: several lines; `picture`: the id of a picture the buyer has uploaded for it."""
    choices: Annotated[list[Annotated[Text, Field(min_length=1, max_length=30)]], Field(max_length=20)] = []
    required: bool = False


class OfferIn(Schema):
    """One SKU in the sale. `stock` null: draws from the SKU's own stock; a number: a pool of its own with that first stock (new offers only)."""

    sku_id: IdIn
    price_fen: FenIn
    limit_per_person: LimitIn = 0
    stock: StockIn | None = None
    options: OfferOptions = OfferOptions()


class GroupBuyIn(Schema):
    title: Annotated[Text, Field(min_length=2, max_length=40)]
    blocks: Annotated[
        list[Annotated[TextBlock | PictureBlockIn, Field(discriminator="kind")]], Field(max_length=30)
    ] = []
    offers: Annotated[list[OfferIn], Field(max_length=100)]
    starts_at: datetime
    ends_at: datetime | None
    """Null only for the shelf."""
    courier_enabled: bool = True
    pickup_enabled: bool = False
    pickup_point_ids: Annotated[list[IdIn], Field(max_length=50)] = []
    questions: Annotated[list[Question], Field(max_length=8)] = []
    show_joined: bool = True
    publish_at: datetime | None = None
    """定时发布: a draft is published by itself then. Nothing for a sale that is published already."""
    options: SaleOptions = SaleOptions()


class OfferOut(Schema):
    """Owner's view of one offer."""

    id: IdOut
    sku_id: IdOut
    product_id: IdOut
    title: str
    sku_name: str
    picture: MediaOut | None
    price_fen: int
    limit_per_person: int
    own_stock: bool
    available: int
    held: int
    sold: int
    options: OfferOptions = OfferOptions()


class GroupBuyOut(Schema):
    """Owner's view."""

    id: IdOut
    store_id: IdOut
    kind: Literal["dated", "shelf"]
    code: str
    url: str
    title: str
    status: Status
    status_label: str
    cover: MediaOut | None
    blocks: list[BlockOut]
    offers: list[OfferOut]
    starts_at: datetime
    ends_at: datetime | None
    courier_enabled: bool
    pickup_enabled: bool
    pickup_points: list[PickupPointOut]
    questions: list[Question]
    show_joined: bool
    publish_at: datetime | None = None
    options: SaleOptions = SaleOptions()
    joined: int
    orders: int
    paid_fen: int
    review: ReviewOut | None = None
    """A publication or an edit that waits for the content check, or did not pass it."""
    wanted: GroupBuyOut | None = None
    """The sale as its owner wants it, while buyers go on seeing the old; new offers have no id."""


class GroupBuyRow(Schema):
    """One line of the owner's list."""

    id: IdOut
    kind: Literal["dated", "shelf"]
    code: str
    title: str
    status: Status
    status_label: str
    cover_url: str
    starts_at: datetime
    ends_at: datetime | None
    offers: int
    joined: int
    orders: int
    paid_fen: int
    publish_at: datetime | None = None
    review: ReviewOut | None = None


class ExtendIn(Schema):
    ends_at: datetime


class FlashOut(Schema):
    """秒杀: the window of a lower price, still to come or open (`on`)."""

    price_fen: int
    usual_fen: int
    """The price outside the window, which follows it."""
    starts_at: datetime
    ends_at: datetime
    on: bool


class PageLimits(Schema):
    """What an offer demands of an order; 0 and empty mean nothing."""

    category: str = ""
    least: int = 0
    step: int = 0
    per_household: int = 0
    flash: FlashOut | None = None
    ships_on: date | None = None
    """预售: sent by this day."""


class PageOffer(Schema):
    """One variant as buyers see it: no cost, no internal stock split."""

    id: IdOut
    sku_name: str
    price_fen: int
    """Of one piece now."""
    limit_per_person: int
    stock: int
    sold: int
    """0 where the leader hides the counts."""
    limits: PageLimits | None = None
    new_buyer_fen: int | None = None
    """新人价 of one piece, for somebody's first order in the store."""
    team_fen: int | None = None
    """拼团价 of one piece, now."""


class CapacityOut(Schema):
    """How much the sale still takes, where its leader bounds it."""

    full: bool
    text: str
    text_en: str


class FreightRow(Schema):
    """One line of 运费是多少: some regions and what sending there costs."""

    regions: str
    regions_en: str
    text: str
    text_en: str


class PageGift(Schema):
    """赠品: what comes along, and when."""

    title: str
    text: str
    text_en: str
    gone: bool
    """None is left."""


class PageMoney(Schema):
    """What the sale promises in money beside its prices."""

    reduction: str
    reduction_en: str
    freight: list[FreightRow]
    """The freight template, region by region; empty where freight is flat."""
    freight_by_place: bool
    """Freight can be told only for an address."""
    new_buyers: bool
    gifts: list[PageGift]


class PageDemands(Schema):
    """What the whole sale demands."""

    categories: list[str]
    audience: Audience
    invited_only: bool = False
    """私密团: for members the leader has tagged; which tags, nobody else is told."""
    hide_sold: bool
    self_cancel: SelfCancel
    waiting_minutes: int
    """候补: how long returned goods are held for the first in line; 0: no waiting list."""
    capacity: CapacityOut | None


class PageTeams(Schema):
    """拼团: how its teams form, and the rule in one sentence."""

    size: int
    hours: int
    sell_anyway: bool
    text: str
    text_en: str


class PageProduct(Schema):
    id: IdOut
    title: str
    description: str
    pictures: list[MediaOut]
    price_min_fen: int
    price_max_fen: int
    sold: int
    offers: list[PageOffer]


class JoinedRow(Schema):
    """One public line of the 接龙 list: masked name, goods, time."""

    number: int
    name: str
    avatar_url: str
    goods: str
    at: datetime


class GroupBuyPage(Schema):
    """The public page of a group buy."""

    id: IdOut
    kind: Literal["dated", "shelf"]
    code: str
    title: str
    status: Status
    status_label: str
    server_time: datetime
    starts_at: datetime
    ends_at: datetime | None
    cover_url: str
    blocks: list[BlockOut]
    products: list[PageProduct]
    store: StoreCard
    courier_enabled: bool
    freight_text: str
    freight_text_en: str
    pickup_enabled: bool
    pickup_points: list[PickupPointOut]
    payment_methods: list[Literal["wechatpay", "offline"]]
    questions: list[Question]
    joined: int
    show_joined: bool
    latest_joined: list[JoinedRow]
    """The newest ten; empty when the leader hides the list."""
    demands: PageDemands | None = None
    money: PageMoney | None = None
    teams: PageTeams | None = None
    forms: bool = False
    """Something is settled when it closes, or goods are weighed: `/g/{code}/forming` says what."""
    preview: bool = False


class StoreGroupRow(Schema):
    code: str
    title: str
    status: Status
    status_label: str
    cover_url: str
    price_min_fen: int
    price_max_fen: int
    starts_at: datetime
    ends_at: datetime | None
    joined: int


class StorePage(Schema):
    """The public page of a store: its running sales and its shelf."""

    store: StoreCard
    groups: list[StoreGroupRow]
    shelf: GroupBuyPage | None
