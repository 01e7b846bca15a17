"""Routes of the product library."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.catalog import actions, queries
from yantuan.catalog.access import access_product
from yantuan.catalog.schemas import ProductIn, ProductOut, StockChangeIn, StockOut
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn, Page
from yantuan.stores.access import access_store, person_of

router = Router(tags=["catalog"], auth=signed_in)


@router.get("/leader/stores/{store_id}/products", response=Page[ProductOut])
def list_products(
    request: HttpRequest, store_id: IdIn, q: str = "", archived: bool = False, cursor: str = ""
) -> Page[ProductOut]:
    store = access_store(person_of(request), store_id)
    return queries.product_page(store, q=q, archived=archived, cursor=cursor)


@router.post("/leader/stores/{store_id}/products", response=ProductOut)
def create_product(request: HttpRequest, store_id: IdIn, body: ProductIn) -> ProductOut:
    return queries.product_out(actions.create_product(person_of(request), store_id, body))


@router.get("/leader/products/{product_id}", response=ProductOut)
def read_product(request: HttpRequest, product_id: IdIn) -> ProductOut:
    return queries.product_out(access_product(person_of(request), product_id))


@router.put("/leader/products/{product_id}", response=ProductOut)
def update_product(request: HttpRequest, product_id: IdIn, body: ProductIn) -> ProductOut:
    return queries.product_out(actions.update_product(person_of(request), product_id, body))


@router.post("/leader/products/{product_id}/archive", response=ProductOut)
def archive_product(request: HttpRequest, product_id: IdIn) -> ProductOut:
    return queries.product_out(actions.archive_product(person_of(request), product_id))


@router.post("/leader/products/{product_id}/restore", response=ProductOut)
def restore_product(request: HttpRequest, product_id: IdIn) -> ProductOut:
    return queries.product_out(actions.restore_product(person_of(request), product_id))


@router.post("/leader/skus/{sku_id}/stock", response=StockOut)
def change_sku_stock(request: HttpRequest, sku_id: IdIn, body: StockChangeIn) -> StockOut:
    return actions.change_sku_stock(
        person_of(request),
        sku_id,
        body.delta,
        key=request.headers.get("Idempotency-Key"),
        body=request.body,
    )
