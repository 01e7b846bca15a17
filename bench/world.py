"""The world under measure: every id is computed, so that loaders, SQL scripts and the filler agree without asking.

20 stores with 5 sales of 10 offers each are the spread world; beside them stand special sales of one offer each.
"""

from __future__ import annotations

from dataclasses import dataclass

STORES = 20
SALES_PER_STORE = 5
OFFERS_PER_SALE = 10
SALES_PER_WORLD = STORES * SALES_PER_STORE
OFFERS = SALES_PER_WORLD * OFFERS_PER_SALE
SPECIAL = ("hot", "small", "paid", "paged")
"""One offer each, in the first store: the hot one, one with a small stock, one paid by WeChat Pay, one to look at."""

BUYERS = 30_000
UNITS = 100_000_000
SMALL_STOCK = 500
PRICE_FEN = 3990
FREIGHT_FEN = 800
TOTAL_FEN = PRICE_FEN + FREIGHT_FEN
LIMIT_PER_PERSON = 50

STORE_0, SALE_0, PRODUCT_0, SKU_0, OFFER_0, POOL_0 = 1_000, 2_000, 10_000, 20_000, 30_000, 40_000
LEADER_0, LEADER_PERSON_0 = 50_000, 60_000
BUYER_0, ADDRESS_0 = 100_000, 1_000_000


@dataclass(frozen=True)
class Place:
    """Where one offer stands."""

    offer_id: int
    product_id: int
    sku_id: int
    pool_id: int
    sale_id: int
    store_id: int


def place_of(index: int) -> Place:
    """Offer number `index`: below OFFERS one of the spread world, above it a special one."""
    if index < OFFERS:
        sale, store = index // OFFERS_PER_SALE, index // (OFFERS_PER_SALE * SALES_PER_STORE)
    else:
        sale, store = SALES_PER_WORLD + index - OFFERS, 0
    return Place(
        OFFER_0 + index, PRODUCT_0 + index, SKU_0 + index, POOL_0 + index, SALE_0 + sale, STORE_0 + store
    )


def special(name: str) -> int:
    """The number of a special offer."""
    return OFFERS + SPECIAL.index(name)


def sale_code(sale_id: int) -> str:
    """The public code of a sale."""
    return f"bench{sale_id}"


def store_code(store_id: int) -> str:
    """The public code of a store."""
    return f"shop{store_id}"


def buyer_token(number: int) -> str:
    """The bearer token of buyer `number`."""
    return f"bench-buyer-{number}"


def leader_token(store: int = 0) -> str:
    """The bearer token of the leader of store number `store`."""
    return f"bench-leader-{store}"
