"""What a store and its pick-up points say in public, and when its page may be seen."""

from __future__ import annotations

from typing import Final

from yantuan.kernel import said
from yantuan.kernel.said import Piece, Said, pictures, texts
from yantuan.stores.models import PickupPoint, Store

KIND: Final = "store"
POINT: Final = "point"


def pieces_of(store: Store) -> list[Piece]:
    """Every text and picture of the store's head."""
    return [
        *texts("卖场名称", "store name", store.name),
        *texts("卖场简介", "store introduction", store.introduction),
        *texts("卖场公告", "store notice", store.notice),
        *texts("售后说明", "after-sales policy", store.aftersale_policy),
        *texts("客服微信", "WeChat for questions", store.contact_wechat),
        *texts("线下付款说明", "note on offline payment", store.offline_note),
        *pictures("卖场封面", "store cover", [store.cover_media_id]),
    ]


def point_pieces(point: PickupPoint) -> list[Piece]:
    """Every text of a pick-up point that buyers read."""
    return [
        *texts("自提点名称", "pick-up point's name", point.name),
        *texts("自提点地址", "pick-up point's address", point.address),
        *texts("自提时间", "pick-up hours", point.hours),
        *texts("自提点联系人", "pick-up point's contact", point.contact_name),
    ]


def hidden(store_id: int) -> bool:
    """Whether a new store has not yet been found fit to be seen."""
    review = said.reviews(KIND, [store_id]).get(store_id)
    return review is not None and not review.change


def wish_of(store: Store, person_id: int) -> Said:
    """The wish to open a store as it stands."""
    return Said(KIND, store.id, person_id, pieces_of(store) if said.active() else [], store.name, store.id)
