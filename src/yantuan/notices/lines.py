"""People in a waiting list are told when a place is held for them, and when it no longer is."""

from __future__ import annotations

from typing import Any

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import china_text
from yantuan.kernel.outbox import on
from yantuan.notices.actions import tell_buyer
from yantuan.notices.rules import Words
from yantuan.waiting.models import Wish


def _tell(wish: Wish, kind: str, words: Words) -> None:
    code = GroupBuy.objects.values_list("code", flat=True).get(id=wish.group_buy_id)
    link = f"/pages/g/index?code={code}"
    tell_buyer(wish.person_id, kind, words, f"{kind}:{wish.id}", store_id=wish.store_id, link=link)


def _goods(wish: Wish) -> str:
    return f"{wish.offer.product.title} {wish.offer.sku.name}".strip()


def _wish(payload: dict[str, Any]) -> Wish:
    return Wish.objects.select_related("offer__product", "offer__sku").get(id=payload["wish_id"])


@on("wish.offered")
def place_held(payload: dict[str, Any]) -> None:
    """Only while it still is."""
    wish = _wish(payload)
    if wish.state == "offered" and wish.until is not None:
        body = f"{_goods(wish)} ×{wish.quantity}，留到 {china_text(wish.until)}，过时给下一位"
        _tell(wish, "wish_offered", Words("候补到货了，快去下单", body))


@on("wish.ended")
def place_gone(payload: dict[str, Any]) -> None:
    """The window went by, or the sale ended."""
    wish = _wish(payload)
    if payload["event"] == "pass":
        words = Words("候补留的货已过时", f"{_goods(wish)}，还想要可以重新候补")
    else:
        words = Words("团购结束，候补没有排到", _goods(wish))
    _tell(wish, "wish_ended", words)
