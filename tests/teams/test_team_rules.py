"""Pure decisions about teams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories as make
from yantuan.groupbuys.options import OfferOptions, SaleOptions
from yantuan.groupbuys.options.limits import Flash, OfferLimits
from yantuan.groupbuys.options.money import Gift, OfferMoney
from yantuan.groupbuys.options.teams import OfferTeams, SaleTeams
from yantuan.groupbuys.schemas import GroupBuyIn
from yantuan.groupbuys.teaming import check_teams, team_price, terms_text
from yantuan.kernel.errors import Invalid
from yantuan.teams.rules import Terms, end_of, join_refusal, verdict

MOMENT = datetime(2026, 11, 23, 4, tzinfo=UTC)


@given(st.integers(2, 10), st.integers(0, 10), st.booleans(), st.booleans())
def test_a_team_forms_exactly_with_its_last_payment_and_ends_exactly_with_its_time(
    size: int, paid: int, due: bool, anyway: bool
) -> None:
    found = verdict(size=size, paid=paid, due=due, sell_anyway=anyway)
    assert (found == "form") == (paid >= size)
    assert (found == "wait") == (paid < size and not due)
    assert (found == "keep") == (0 < paid < size and due and anyway)
    assert (found == "end") == (paid < size and due and not (anyway and paid))


@given(st.integers(1, 72), st.none() | st.integers(0, 500))
def test_a_team_never_outlives_its_sale(hours: int, left: int | None) -> None:
    sale_end = None if left is None else MOMENT + timedelta(hours=left)
    end = end_of(MOMENT, hours, sale_end)
    assert end <= MOMENT + timedelta(hours=hours)
    assert sale_end is None or end <= sale_end
    assert end in (MOMENT + timedelta(hours=hours), sale_end)


@given(
    st.integers(2, 10),
    st.integers(0, 10),
    st.sampled_from(["forming", "formed", "over", "kept"]),
    st.integers(-5, 5),
    st.booleans(),
)
def test_who_may_come_in_finds_a_free_seat_of_a_running_team_of_this_sale(
    size: int, taken: int, state: str, minutes: int, here: bool
) -> None:
    team = Terms(7, "abc", 1, size, min(taken, size), state, MOMENT + timedelta(minutes=minutes))
    refused = join_refusal(team, 1 if here else 2, MOMENT)
    free = here and state == "forming" and team.taken < size and minutes > 0
    assert (refused is None) == free
    if refused is not None and not here:
        assert refused.code == "team_unknown"
    if refused is not None and here:
        full = state in ("formed", "kept") or team.taken >= size
        assert refused.code == ("team_full" if full else "team_over")


@given(st.integers(2, 9000), st.integers(1, 9000), st.none() | st.integers(0, 9000))
def test_nobody_pays_more_in_a_team_than_alone(price: int, together: int, flash_fen: int | None) -> None:
    flash = flash_fen is not None and Flash(
        price_fen=flash_fen, starts_at=MOMENT, ends_at=MOMENT + timedelta(hours=1)
    )
    options = OfferOptions(teams=OfferTeams(price_fen=together), limits=OfferLimits(flash=flash or None))
    found = team_price(price, options, MOMENT)
    assert found == min(v for v in (price, together, flash_fen) if v is not None)
    assert team_price(price, OfferOptions(), MOMENT) is None


def test_the_rule_says_what_happens_at_the_end() -> None:
    assert "自动全额退回" in terms_text(SaleTeams(size=3))[0]
    assert terms_text(SaleTeams(size=3))[0].startswith("3 人付款即成团；开团后 24 小时内有效")
    assert "也按拼团价成交" in terms_text(SaleTeams(size=3, sell_anyway=True))[0]
    assert "goes back by itself" in terms_text(SaleTeams(size=3))[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("size", "offer", "code"),
    [
        (1, {"teams": OfferTeams(price_fen=100)}, "team_too_small"),
        (3, {}, "team_prices_missing"),
        (3, {"teams": OfferTeams(price_fen=3990)}, "team_price_high"),
        (
            3,
            {"teams": OfferTeams(price_fen=100), "money": OfferMoney(gift=Gift(reach=5000))},
            "gift_has_price",
        ),
    ],
)
def test_teams_nobody_gains_by_are_refused(size: int, offer: dict[str, Any], code: str) -> None:
    data = sale(OfferOptions(**offer))
    with pytest.raises(Invalid) as refused:
        check_teams(data, SaleOptions(teams=SaleTeams(size=size)))
    assert refused.value.code == code


@pytest.mark.django_db
def test_good_teams_are_kept_as_they_are() -> None:
    options = SaleOptions(teams=SaleTeams(size=3, hours=12))
    assert check_teams(sale(OfferOptions(teams=OfferTeams(price_fen=3989))), options) == options
    assert check_teams(sale(OfferOptions()), SaleOptions()) == SaleOptions()


def sale(offer: OfferOptions) -> GroupBuyIn:
    store = make.store(make.leader())
    body = make.sale_body(store, [make.product(store)])
    return body.model_copy(
        update={"offers": [one.model_copy(update={"options": offer}) for one in body.offers]}
    )
