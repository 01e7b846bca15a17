"""The verbs that change the product library."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from yantuan.catalog import stock
from yantuan.catalog.access import access_product, access_sku
from yantuan.catalog.models import Product, Sku
from yantuan.catalog.public import Held, hold_unless_good, pieces_of
from yantuan.catalog.queries import stock_out
from yantuan.catalog.rules import plan_skus
from yantuan.catalog.schemas import ProductIn, SkuIn, StockOut
from yantuan.identity.models import Person
from yantuan.kernel import idempotency, said
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.idempotency import Answer
from yantuan.media.access import own_media
from yantuan.stores.access import access_store

MAX_PRODUCTS = 5000
"""Live products one store keeps."""


def create_product(person: Person, store_id: int, data: ProductIn) -> Product:
    """Add a product with its variants and their first stock. Raises Conflict `too_many_products`."""
    store = access_store(person, store_id)
    moment = now()
    product = Product(store=store, created_at=moment)
    _apply(product, data, person)
    plan_skus((), [s.id for s in data.skus], [s.name for s in data.skus])
    if Product.objects.filter(store=store, archived_at=None).count() >= MAX_PRODUCTS:
        raise Conflict("too_many_products", "商品太多了，请先归档不用的", "Archive products you don't use.")
    with transaction.atomic():
        product.save(force_insert=True)
        _add_skus(product, data.skus, range(len(data.skus)), Actor("leader", person.id))
    return product


def update_product(person: Person, product_id: int, data: ProductIn) -> Product:
    """Replace a product's text, pictures and variants; placed orders keep what they were promised.

    Variants left out are archived; the stock of existing ones stays as it is. Where content is checked, a change of goods
    that buyers see waits as a whole until its new words and pictures have passed.
    """
    access_product(person, product_id)
    try:
        with transaction.atomic():
            product = Product.objects.select_for_update(no_key=True).get(id=product_id)
            before = pieces_of(product) if said.active() else []
            _replace(product, data, person)
            hold_unless_good(product, person, before, data)
    except Held as held:
        with transaction.atomic():
            product = Product.objects.select_for_update(no_key=True).get(id=product_id)
            said.may_show(held.wish)
    return product


def _replace(product: Product, data: ProductIn, person: Person) -> None:
    live = {s.id: s for s in Sku.objects.filter(product=product, archived_at=None)}
    plan = plan_skus(live.keys(), [s.id for s in data.skus], [s.name for s in data.skus])
    _apply(product, data, person)
    product.save(update_fields=["title", "description", "picture_media_ids", "updated_at"])
    for sku_id, place in plan.changed:
        sku = live[sku_id]
        _apply_sku(sku, data.skus[place], place)
        sku.save(
            update_fields=[
                "name",
                "code",
                "price_fen",
                "cost_fen",
                "limit_per_person",
                "weight_g",
                "position",
            ]
        )
    _add_skus(product, data.skus, plan.added, Actor("leader", person.id))
    Sku.objects.filter(id__in=plan.archived).update(archived_at=now())


def _apply(product: Product, data: ProductIn, person: Person) -> None:
    pictures = list(dict.fromkeys(data.picture_media_ids))
    fresh = [i for i in pictures if i not in product.picture_media_ids]
    own_media(person.id, fresh, {"product"})
    product.title = data.title
    product.description = data.description
    product.picture_media_ids = pictures
    product.updated_at = now()


def _apply_sku(sku: Sku, data: SkuIn, place: int) -> None:
    sku.name = data.name
    sku.code = data.code
    sku.price_fen = data.price_fen
    sku.cost_fen = data.cost_fen
    sku.limit_per_person = data.limit_per_person
    sku.weight_g = data.weight_g
    sku.position = place


def _add_skus(product: Product, skus: Sequence[SkuIn], places: Sequence[int], actor: Actor) -> None:
    for place in places:
        pool_id = stock.create_pool(product.store_id, skus[place].stock or 0, actor)
        sku = Sku(product=product, store_id=product.store_id, pool_id=pool_id)
        _apply_sku(sku, skus[place], place)
        sku.save(force_insert=True)


def archive_product(person: Person, product_id: int) -> Product:
    """Take a product out of the library; sales that offer it go on until they end or drop it. Again: no change."""
    product = access_product(person, product_id)
    if product.archived_at is None:
        product.archived_at = now()
        product.save(update_fields=["archived_at"])
    return product


def restore_product(person: Person, product_id: int) -> Product:
    """Bring an archived product back. Again: no change."""
    product = access_product(person, product_id)
    if product.archived_at is not None:
        product.archived_at = None
        product.save(update_fields=["archived_at"])
    return product


def change_sku_stock(person: Person, sku_id: int, delta: int, *, key: str | None, body: bytes) -> StockOut:
    """Add or take free units of a variant, once per idempotency key."""
    sku = access_sku(person, sku_id)
    return change_pool_once(person, f"sku:{sku.id}", sku.pool_id, delta, key=key, body=body)


def change_pool_once(
    person: Person, scope: str, pool_id: int, delta: int, *, key: str | None, body: bytes
) -> StockOut:
    """Adjust a pool the caller has already let the person at; the same key with the same body answers as before."""
    checked = idempotency.check_key(key)

    def work() -> Answer:
        pool = stock.adjust(pool_id, delta, Actor("leader", person.id))
        return 200, stock_out(pool).model_dump()

    _, answer = idempotency.once(f"stock:{person.id}:{scope}", checked, body, work)
    return StockOut(**answer)
