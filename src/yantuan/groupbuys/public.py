"""What a group sale says in public, and how a wish to say it is carried out once it has been judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import sale_options_of
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.identity.models import Person
from yantuan.kernel import said
from yantuan.kernel.clock import now
from yantuan.kernel.said import Piece, Said, pictures, texts
from yantuan.stores.public import pieces_of as store_pieces
from yantuan.stores.public import point_pieces
from yantuan.stores.queries import points_of

KIND: Final = "groupbuy"


class Held(Exception):
    """An edit that must be judged first; undoes it."""

    def __init__(self, wish: Said) -> None:
        super().__init__("held")
        self.wish = wish


def pieces_of(group_buy: GroupBuy) -> list[Piece]:
    """Every text and picture of the sale's page: its own, its goods' and its store's."""
    found = texts("标题", "title", group_buy.title)
    for number, block in enumerate(group_buy.blocks, 1):
        if block["kind"] == "text":
            found += texts(f"介绍第 {number} 段", f"introduction, part {number}", block["text"])
        else:
            found += pictures(
                f"介绍第 {number} 段图片", f"introduction, picture in part {number}", [block["media_id"]]
            )
    for question in group_buy.questions:
        asked = "\n".join([question["label"], *question["choices"]])
        found += texts("下单问题", "question to buyers", asked)
    found += texts("商品分类", "categories", "\n".join(sale_options_of(group_buy.options).limits.categories))
    rows = Offer.objects.filter(group_buy_id=group_buy.id, removed_at=None).select_related("product", "sku")
    for offer in rows.order_by("position", "id"):
        product = offer.product
        name, name_en = f"商品「{product.title}」", f"of the product “{product.title}”"
        found += texts("商品名称", "product name", product.title) + texts("规格", "variant", offer.sku.name)
        found += texts(f"{name}介绍", f"description {name_en}", product.description)
        found += pictures(f"{name}图片", f"picture {name_en}", product.picture_media_ids)
    return found + _points(group_buy) + store_pieces(group_buy.store)


def _points(group_buy: GroupBuy) -> list[Piece]:
    if not group_buy.pickup_enabled:
        return []
    chosen = points_of(group_buy.store_id, group_buy.pickup_point_ids)
    return [piece for point in chosen for piece in point_pieces(point)]


def wish_of(group_buy: GroupBuy, person: Person) -> Said:
    """The wish to publish a draft as it stands."""
    pieces = pieces_of(group_buy) if said.active() else []
    return Said(KIND, group_buy.id, person.id, pieces, group_buy.title, group_buy.store_id)


def hold_unless_good(group_buy: GroupBuy, person: Person, before: Sequence[Piece], data: GroupBuyIn) -> None:
    """Raise Held when an applied edit says something that was neither shown before nor judged."""
    wish = Said(
        KIND,
        group_buy.id,
        person.id,
        pieces_of(group_buy),
        data.title,
        group_buy.store_id,
        shown=before,
        wish=data.model_dump(mode="json"),
    )
    if not said.may_show(wish):
        raise Held(wish)


def in_its_window(group_buy: GroupBuy, data: GroupBuyIn) -> GroupBuyIn:
    """An edit that has waited, with the window as it has become: extended meanwhile, or begun."""
    begun = group_buy.starts_at <= now()
    return data.model_copy(
        update={
            "starts_at": group_buy.starts_at if begun else data.starts_at,
            "ends_at": group_buy.ends_at,
        }
    )
