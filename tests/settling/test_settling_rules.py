"""What a closed sale settles, as pure decisions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.groupbuys.forming import check_forming, rule_text, tiers_text
from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.forming import FormingRule, OfferForming, SaleForming, Tier, Tiers
from yantuan.groupbuys.options.limits import OfferLimits
from yantuan.groupbuys.schemas import GroupBuyIn, OfferIn
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.settling.rules import (
    Counts,
    Want,
    cartons_of,
    reached,
    split,
    tier_back,
    tier_price,
    weight_back,
)

wants = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 6)), max_size=30).map(
    lambda rows: [Want(wish, wish + more) for wish, more in rows]
)


@given(st.integers(2, 24), wants)
def test_a_split_is_whole_cartons_and_keeps_every_bound(size: int, found: list[Want]) -> None:
    got = split(size, dict(enumerate(found)))
    assert sum(got.values()) % size == 0
    assert all(0 <= got[place] <= want.most for place, want in enumerate(found))
    wished = sum(want.wish for want in found)
    if sum(got.values()) >= wished:
        # The tolerance filled the last carton, and no carton more than the wishes need was bought.
        assert all(got[place] >= want.wish for place, want in enumerate(found))
        assert sum(got.values()) - wished < size
    else:
        # Nobody gets more than they wish while somebody gets less; only the last to pay lose, at most one in part.
        assert all(got[place] <= want.wish for place, want in enumerate(found))
        short = [place for place, want in enumerate(found) if got[place] < want.wish]
        assert short == list(range(short[0], len(found)))
        assert all(got[place] == 0 for place in short[1:])
        assert wished - sum(got.values()) < size


@given(st.integers(2, 24), wants)
def test_a_split_is_fair_to_the_earlier(size: int, found: list[Want]) -> None:
    got = split(size, dict(enumerate(found)))
    extra = [got[place] - want.wish for place, want in enumerate(found)]
    for place, want in enumerate(found):
        for later in range(place + 1, len(found)):
            # Of two that would take one more, the later never gets more of them, nor the earlier two more.
            if got[place] < want.most and got[later] < found[later].most and min(extra) >= 0:
                assert 0 <= extra[place] - extra[later] <= 1


def test_the_example_that_is_published() -> None:
    # Cartons of 12: wishes 2, 3, 4 of people who would take up to 4, 3 and 6. Nine wished, three missing, four could be had.
    assert split(12, {"a": Want(2, 4), "b": Want(3, 3), "c": Want(4, 6)}) == {"a": 4, "b": 3, "c": 5}
    # One who would take no more is the last to pay: the carton stays open, and all of it comes back.
    assert split(12, {"a": Want(2, 2), "b": Want(3, 3)}) == {"a": 0, "b": 0}
    assert split(4, {"a": Want(2, 2), "b": Want(3, 3)}) == {"a": 2, "b": 2}
    assert cartons_of(4, [Want(2, 2), Want(3, 3)]) == 1


def test_reaching() -> None:
    rule = FormingRule(by="people", reach=3)
    assert reached(None, Counts())
    assert not reached(rule, Counts(people=2, pieces=99, fen=99))
    assert reached(rule, Counts(people=3))
    assert reached(FormingRule(by="fen", reach=500), Counts(fen=500))
    assert not reached(FormingRule(by="pieces", reach=500), Counts(pieces=499))


TIERS = Tiers(steps=(Tier(reach=10, price_fen=900), Tier(reach=20, price_fen=800)))


@pytest.mark.parametrize(
    ("have", "price"), [(0, 1000), (9, 1000), (10, 900), (19, 900), (20, 800), (999, 800)]
)
def test_the_price_of_a_tier(have: int, price: int) -> None:
    assert tier_price(TIERS, 1000, have) == price


@given(st.integers(0, 5000), st.integers(1, 2000), st.integers(1, 2000), st.integers(0, 20))
def test_a_tier_never_takes_the_last_fen(paid: int, price: int, final: int, kept: int) -> None:
    back = tier_back(paid, price, final, kept)
    assert 0 <= back <= max(0, paid - 1)
    if final >= price or not kept:
        assert back == 0
    elif paid >= price * kept and final:
        assert back == (price - final) * kept


@given(st.integers(0, 100_000), st.integers(1, 20_000), st.integers(1, 40_000))
def test_weight_costs_its_share_and_never_more(paid: int, standard: int, grams: int) -> None:
    back = weight_back(paid, standard, grams)
    assert 0 <= back <= max(0, paid - 1)
    if grams < standard and paid > 1:
        # What is kept is the share of the weight, rounded down to the fen and at least one.
        assert paid - back == max(1, paid * grams // standard)
    elif grams >= standard:
        assert back == 0


def sale(forming: OfferForming | None = None, rule: FormingRule | None = None, **more: Any) -> GroupBuyIn:
    options = OfferOptions(forming=forming or OfferForming(), limits=more.pop("limits", OfferLimits()))
    return GroupBuyIn(
        title="阳光玫瑰",
        offers=[OfferIn(sku_id=1, price_fen=1000, options=options)],
        starts_at=now(),
        ends_at=now(),
        options=SaleOptions(forming=SaleForming(rule=rule)),
    )


@pytest.mark.parametrize(
    ("forming", "limits", "code"),
    [
        (OfferForming(carton=1), OfferLimits(), "carton_too_small"),
        (OfferForming(carton=12), OfferLimits(step=2), "carton_with_step"),
        (OfferForming(weigh_g=500, carton=12), OfferLimits(), "weigh_alone"),
        (OfferForming(weigh_g=500, tiers=TIERS), OfferLimits(), "weigh_alone"),
        (OfferForming(tiers=Tiers(steps=(Tier(reach=5, price_fen=1000),))), OfferLimits(), "tier_not_lower"),
        (
            OfferForming(tiers=Tiers(steps=(Tier(reach=5, price_fen=900), Tier(reach=5, price_fen=800)))),
            OfferLimits(),
            "tiers_unordered",
        ),
        (
            OfferForming(tiers=Tiers(steps=(Tier(reach=5, price_fen=900), Tier(reach=6, price_fen=900)))),
            OfferLimits(),
            "tiers_unordered",
        ),
    ],
)
def test_rules_that_contradict_themselves(forming: OfferForming, limits: OfferLimits, code: str) -> None:
    data = sale(forming, limits=limits)
    with pytest.raises(Invalid) as refused:
        check_forming(data, data.options, shelf=False)
    assert refused.value.code == code


def test_what_the_server_keeps_of_a_sale() -> None:
    data = sale(OfferForming(carton=12))
    kept = check_forming(data, data.options, shelf=False).forming
    assert (kept.settles, kept.cartons) == (True, True)
    data = sale(OfferForming(weigh_g=500))
    kept = check_forming(data, data.options, shelf=False).forming
    assert (kept.settles, kept.cartons) == (False, False)
    data = sale(rule=FormingRule(reach=5))
    with pytest.raises(Invalid) as refused:
        check_forming(data, data.options, shelf=True)
    assert refused.value.code == "shelf_never_closes"


def test_the_sentences() -> None:
    assert rule_text(FormingRule(by="fen", reach=50000))[0] == "满 ¥500.00 成团，截单时不满自动全额退款"
    assert rule_text(FormingRule(reach=20))[0] == "满 20 人成团，截单时不满自动全额退款"
    assert tiers_text(TIERS)[0] == "满 10 件每件 ¥9.00，满 20 件每件 ¥8.00，截单后差价自动退回"
