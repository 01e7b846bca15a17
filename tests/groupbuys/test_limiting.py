"""Quantities, windows of price and the brake: pure decisions, whatever the numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.groupbuys.limiting import (
    Taken,
    capacity_of,
    check_limits,
    nearest,
    over,
    page_limits,
    price_now,
    quantity_problem,
    smallest,
)
from yantuan.groupbuys.options import NO_OFFER_OPTIONS, OfferOptions, offer_options, packed, sale_options
from yantuan.groupbuys.options.limits import Flash, OfferLimits, SaleLimits
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.kernel.errors import Invalid

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
counts = st.integers(0, 60)
rules = st.builds(lambda least, step: OfferLimits(least=least, step=step), counts, st.integers(0, 12))


@given(rules)
def test_the_smallest_quantity_is_the_first_that_is_sold(limits: OfferLimits) -> None:
    first = next(n for n in range(1, 200) if quantity_problem(limits, "蛋", n) is None)
    assert smallest(limits) == first


@given(rules, st.integers(1, 100), st.integers(0, 100))
def test_what_is_suggested_can_be_ordered_and_none_is_nearer(
    limits: OfferLimits, quantity: int, most: int
) -> None:
    sold = [n for n in range(1, most + 1) if quantity_problem(limits, "蛋", n) is None]
    found = nearest(limits, quantity, most)
    if not sold:
        assert found == 0
        return
    above = [n for n in sold if n >= quantity]
    assert found == (above[0] if above else sold[-1])


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.data())
def test_the_brake_lets_exactly_so_much_pass(orders: int, pieces: int, fen: int, data: st.DataObject) -> None:
    limits = SaleLimits(most_orders=orders, most_pieces=pieces, most_fen=fen)
    held = Taken()
    for _ in range(12):
        more = Taken(1, data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3)))
        fits = (
            (not orders or held.orders + 1 <= orders)
            and (not pieces or held.pieces + more.pieces <= pieces)
            and (not fen or held.fen + more.fen <= fen)
        )
        assert (over(limits, held, more) is None) == fits
        if fits:
            held = Taken(held.orders + 1, held.pieces + more.pieces, held.fen + more.fen)
    shown = capacity_of(limits, held)
    assert (shown is None) == (not (orders or pieces or fen))
    if shown is not None:
        reached = (orders and held.orders >= orders) or (pieces and held.pieces >= pieces)
        assert shown.full == bool(reached or (fen and held.fen >= fen))


@given(st.integers(-120, 120), st.integers(0, 3000))
def test_the_flash_price_holds_from_its_start_to_before_its_end(minutes: int, fen: int) -> None:
    flash = Flash(price_fen=fen, starts_at=NOW, ends_at=NOW + timedelta(minutes=60))
    options = OfferOptions(limits=OfferLimits(flash=flash))
    moment = NOW + timedelta(minutes=minutes)
    inside = 0 <= minutes < 60
    assert price_now(3990, options, moment) == (fen if inside else 3990)
    shown = page_limits(options, 3990, moment)
    assert (shown is not None and shown.flash is not None) == (minutes < 60)
    if shown is not None and shown.flash is not None:
        assert (shown.flash.on, shown.flash.usual_fen) == (inside, 3990)


def test_options_come_back_from_the_row_as_they_went_in() -> None:
    flash = Flash(price_fen=1, starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    options = OfferOptions(limits=OfferLimits(category="水果", least=2, step=2, flash=flash))
    assert offer_options(msgspec.json.encode(packed(options)).decode()) == options
    assert packed(NO_OFFER_OPTIONS) == {}
    assert sale_options("{}").limits == SaleLimits()


def body(
    sale: dict[str, object] | None = None, price_fen: int = 3990, limit: int = 0, **limits: object
) -> GroupBuyIn:
    return GroupBuyIn.model_validate(
        {
            "title": "周五团",
            "offers": [
                {
                    "sku_id": "1",
                    "price_fen": price_fen,
                    "limit_per_person": limit,
                    "options": {"limits": limits},
                }
            ],
            "starts_at": NOW.isoformat(),
            "ends_at": (NOW + timedelta(days=2)).isoformat(),
            "options": {"limits": sale or {}},
        }
    )


def window(price_fen: int, start: int, end: int) -> dict[str, object]:
    times = [(NOW + timedelta(hours=hours)).isoformat() for hours in (start, end)]
    return {"price_fen": price_fen, "starts_at": times[0], "ends_at": times[1]}


REFUSED: dict[str, GroupBuyIn] = {
    "category_repeated": body({"categories": ["水果", "水果"]}),
    "category_unknown": body({"categories": ["水果"]}, category="蔬菜"),
    "least_above_limit": body(limit=5, least=4, step=3),
    "flash_not_lower": body(flash=window(3990, 0, 1)),
    "flash_end_before_start": body(flash=window(1, 1, 1)),
    "flash_after_end": body(flash=window(1, 48, 49)),
    "ship_day_past": body(ships_on="2026-11-20"),
}


@pytest.mark.parametrize("code", REFUSED)
def test_demands_that_nobody_could_meet_are_not_saved(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_limits(REFUSED[code], NOW.date())
    assert refused.value.code == code


def test_the_server_keeps_whether_households_count() -> None:
    assert check_limits(body(per_household=2), NOW.date()).limits.by_household
    assert not check_limits(body({"by_household": True}), NOW.date()).limits.by_household
    assert check_limits(body(limit=6, least=4, step=3), NOW.date()).limits == SaleLimits()
