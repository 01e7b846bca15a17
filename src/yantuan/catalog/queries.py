"""Reads of the product library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from yantuan.catalog.models import Product, Sku, StockPool
from yantuan.catalog.parts import on_shelf
from yantuan.catalog.public import KIND
from yantuan.catalog.schemas import ProductIn, ProductOut, SkuIn, SkuOut, StockOut
from yantuan.kernel.http import Page, after_id
from yantuan.kernel.reviews import undone
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut
from yantuan.stores.models import Store

PAGE = 20


def pools(pool_ids: Iterable[int]) -> dict[int, StockPool]:
    """Stock pools by id, in one query, without a lock."""
    return StockPool.objects.in_bulk(list(set(pool_ids)))


def stock_out(pool: StockPool) -> StockOut:
    """One pool's counters for its leader."""
    return StockOut(available=pool.available, held=pool.held, sold=pool.sold, total=pool.total)


def product_page(store: Store, *, q: str, archived: bool, cursor: str) -> Page[ProductOut]:
    """The library, newest first; `q` is looked for in titles."""
    rows = Product.objects.filter(store=store, archived_at__isnull=not archived)
    if q.strip():
        rows = rows.filter(title__icontains=q.strip()[:100])
    last = after_id(cursor)
    if last is not None:
        rows = rows.filter(id__lt=last)
    found = list(rows.order_by("-id")[: PAGE + 1])
    shown = found[:PAGE]
    return Page(items=products_out(shown), next=str(shown[-1].id) if len(found) > PAGE and shown else None)


def product_out(product: Product) -> ProductOut:
    """The owner's view of one product."""
    return products_out([product])[0]


def products_out(products: list[Product]) -> list[ProductOut]:
    """The owner's view, with a fixed number of queries."""
    skus: dict[int, list[Sku]] = defaultdict(list)
    live = Sku.objects.filter(product__in=products, archived_at=None).order_by("position", "id")
    for sku in live:
        skus[sku.product_id].append(sku)
    stock = pools(s.pool_id for group in skus.values() for s in group)
    waiting = undone(KIND, [p.id for p in products])
    bodies = {i: body for i, wish in waiting.items() if (body := wish.read(ProductIn)) is not None}
    shown: list[Product | ProductIn] = [*products, *bodies.values()]
    pictures = media_map(int(i) for p in shown for i in p.picture_media_ids)
    shelf = on_shelf([p.id for p in products])
    found = []
    for product in products:
        own = [_sku_out(s, stock[s.pool_id]) for s in skus[product.id]]
        out = _product_out(product, own, pictures, product.id in shelf)
        if product.id in waiting:
            out.review = waiting[product.id].review
            out.wanted = _wanted(out, bodies.get(product.id), pictures)
        found.append(out)
    return found


def _product_out(
    product: Product, skus: list[SkuOut], pictures: Mapping[int, MediaOut], shelved: bool
) -> ProductOut:
    return ProductOut(
        id=str(product.id),
        title=product.title,
        description=product.description,
        pictures=pictures_of(product.picture_media_ids, pictures),
        skus=skus,
        archived=product.archived_at is not None,
        on_shelf=shelved,
        updated_at=product.updated_at,
    )


def _wanted(out: ProductOut, body: ProductIn | None, pictures: Mapping[int, MediaOut]) -> ProductOut | None:
    """The goods as they would be with the change that waits."""
    if body is None:
        return None
    known = {sku.id: sku for sku in out.skus}
    values = {
        "title": body.title,
        "description": body.description,
        "pictures": pictures_of(body.picture_media_ids, pictures),
        "skus": [_wanted_sku(sku, known.get(str(sku.id))) for sku in body.skus],
        "review": None,
    }
    return out.model_copy(update=values)


def _wanted_sku(sku: SkuIn, known: SkuOut | None) -> SkuOut:
    counts = (known.available, known.held, known.sold) if known else (sku.stock or 0, 0, 0)
    return SkuOut(
        id=known.id if known else "",
        name=sku.name,
        code=sku.code,
        price_fen=sku.price_fen,
        cost_fen=sku.cost_fen,
        limit_per_person=sku.limit_per_person,
        weight_g=sku.weight_g,
        available=counts[0],
        held=counts[1],
        sold=counts[2],
    )


def pictures_of(ids: Iterable[int], pictures: Mapping[int, MediaOut]) -> list[MediaOut]:
    """Pictures in the kept order; lost ones are left out."""
    return [pictures[int(i)] for i in ids if int(i) in pictures]


def _sku_out(sku: Sku, pool: StockPool) -> SkuOut:
    return SkuOut(
        id=str(sku.id),
        name=sku.name,
        code=sku.code,
        price_fen=sku.price_fen,
        cost_fen=sku.cost_fen,
        limit_per_person=sku.limit_per_person,
        weight_g=sku.weight_g,
        available=pool.available,
        held=pool.held,
        sold=pool.sold,
    )
