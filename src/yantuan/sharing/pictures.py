"""Posters, cards and codes of shares, kept on disk under the hash of everything they show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from yantuan.groupbuys.queries import group_buy_page, store_page
from yantuan.groupbuys.schemas import GroupBuyPage, StorePage
from yantuan.kernel.errors import Conflict
from yantuan.media.models import Media
from yantuan.media.queries import read_bytes
from yantuan.sharing import mini_codes
from yantuan.sharing.drawings import folder, write_whole
from yantuan.sharing.models import Share
from yantuan.sharing.poster import PosterData, draw_card, draw_poster
from yantuan.sharing.queries import code_of, share_url
from yantuan.sharing.rules import ends_text, sale_state

MAX_PICTURES: Final = 3
VERSION: Final = 1
"""Raise it when the drawing changes, so that kept files are drawn anew."""


def poster(share: Share) -> tuple[str, bytes]:
    """(content hash, JPEG) of a share's poster. Raises Conflict `nothing_on_sale` for a store without goods."""
    return _kept("poster", _facts(share), draw_poster, mini_codes.picture(share))


def card(share: Share) -> tuple[str, bytes]:
    """(content hash, JPEG) of a share's chat card, 5:4."""
    return _kept("card", _facts(share), draw_card)


def sale_card(code: str) -> tuple[str, bytes]:
    """(content hash, JPEG) of the card a buyer's own forwarding of a sale shows. Raises NotFound."""
    return _kept("card", _sale_facts(group_buy_page(code), ""), draw_card)


def store_card(code: str) -> tuple[str, bytes]:
    """The same of a store. Raises NotFound, or Conflict `nothing_on_sale` for a store without goods."""
    return _kept("card", _store_facts(store_page(code), ""), draw_card)


def _kept(
    kind: str,
    found: tuple[PosterData, list[Media]],
    draw: Callable[[PosterData], bytes],
    code: bytes | None = None,
) -> tuple[str, bytes]:
    data, media = found
    facts = {k: v for k, v in asdict(data).items() if k not in ("pictures", "code_picture")}
    seen = [VERSION, kind, facts, [m.sha256 for m in media], [m.key for m in media]]
    if code is not None:
        seen.append(hashlib.sha256(code).hexdigest())
    seed = json.dumps(seen, sort_keys=True)
    name = hashlib.sha256(seed.encode()).hexdigest()[:40]
    path = folder() / name[:2] / f"{name}.jpg"
    try:
        return name, path.read_bytes()
    except FileNotFoundError:
        pass
    drawn = draw(PosterData(**{**facts, "pictures": _files(media), "code_picture": code}))
    write_whole(path, drawn)
    return name, drawn


def _files(media: Sequence[Media]) -> list[bytes]:
    found = []
    for row in media:
        try:
            found.append(read_bytes(row))
        except FileNotFoundError:
            # A lost picture must not cost the leader the poster; the self-check reports it.
            continue
    return found


def _facts(share: Share) -> tuple[PosterData, list[Media]]:
    code = code_of(share)
    url = share_url(share, code)
    if share.group_buy_id is None:
        return _store_facts(store_page(code), url)
    return _sale_facts(group_buy_page(code), url)


def _sale_facts(page: GroupBuyPage, url: str) -> tuple[PosterData, list[Media]]:
    ids = [int(p.pictures[0].id) for p in page.products if p.pictures][:MAX_PICTURES]
    ids = ids or [int(b.picture.id) for b in page.blocks if b.picture][:MAX_PICTURES]
    data = PosterData(
        store_name=page.store.name,
        leader_name=page.store.leader.display_name,
        certified=page.store.leader.certified,
        title=page.title,
        price_fen_min=min((p.price_min_fen for p in page.products), default=0),
        price_fen_max=max((p.price_max_fen for p in page.products), default=0),
        pictures=[],
        ends_text=ends_text(page.status, page.starts_at, page.ends_at),
        url=url,
        joined=page.joined,
        state=sale_state(page.status, sum(o.stock for p in page.products for o in p.offers)),
    )
    return data, _public(ids)


def _store_facts(page: StorePage, url: str) -> tuple[PosterData, list[Media]]:
    prices = [p for g in page.groups for p in (g.price_min_fen, g.price_max_fen)]
    keys = [g.cover_url for g in page.groups]
    if page.shelf is not None:
        prices += [x for p in page.shelf.products for x in (p.price_min_fen, p.price_max_fen)]
        keys += [p.pictures[0].url for p in page.shelf.products if p.pictures]
    if not prices:
        raise Conflict(
            "nothing_on_sale", "卖场还没有在售商品，上架后再生成海报", "The store has nothing on sale yet."
        )
    shown = [
        k.rsplit("/", 1)[-1].removesuffix(".webp") for k in dict.fromkeys([page.store.cover_url, *keys]) if k
    ]
    data = PosterData(
        store_name=page.store.name,
        leader_name=page.store.leader.display_name,
        certified=page.store.leader.certified,
        title=page.store.introduction.strip() or page.store.name,
        price_fen_min=min(prices),
        price_fen_max=max(prices),
        pictures=[],
        ends_text="",
        url=url,
        joined=0,
        state="open" if page.store.selling else "suspended",
    )
    rows = {m.key: m for m in Media.objects.filter(key__in=shown[:MAX_PICTURES], private=False)}
    return data, [rows[k] for k in shown[:MAX_PICTURES] if k in rows]


def _public(ids: Sequence[int]) -> list[Media]:
    rows = Media.objects.filter(id__in=ids, private=False).in_bulk()
    return [rows[i] for i in ids if i in rows]
