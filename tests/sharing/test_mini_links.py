"""Links into the mini-program: the client against the simulator, and what the product keeps of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sharing.miniworld import Platform
from sharing.test_shares import share
from stores.shop_kit import Shop, offer, shop
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_links import LinkQuotaReached, LinkUnpublished
from yantuan.kernel.clock import frozen, now
from yantuan.sharing import links
from yantuan.sharing.models import AppLink

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]
PAGE = "pages/g/index"


def test_links_lead_where_they_should(platform: Platform) -> None:
    client = platform.links()
    url = client.url_link(PAGE, {"code": "a", "t": "b"}, expires_at=now() + timedelta(days=7))
    short = client.short_link(PAGE, {"code": "a"}, title="五月水果团" * 9)
    kept = {one["link"]: (one["path"], one["query"]) for one in platform.control("GET", "/links")["links"]}
    assert kept == {url: (PAGE, "code=a&t=b"), short: (PAGE, "code=a")}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("44993", LinkQuotaReached), ("45009", LinkQuotaReached), ("44990", GatewayThrottled),
        ("85079", LinkUnpublished), ("40165", LinkUnpublished), ("40066", LinkUnpublished), ("40225", LinkUnpublished),
        ("85400", LinkUnpublished), ("40002", GatewayRefused), ("40013", WeChatShutsUsOut), ("40212", GatewayRefused),
        ("43104", GatewayRefused), ("85401", GatewayRefused), ("85402", GatewayRefused), ("85406", GatewayRefused),
        ("85407", GatewayRefused), ("85408", GatewayRefused),
    ],
)  # fmt: skip
def test_every_documented_refusal_has_its_type(
    platform: Platform, code: str, kind: type[GatewayRefused]
) -> None:
    client = platform.links()
    client.short_link(PAGE, {})
    for call in (
        lambda: client.url_link(PAGE, {}, expires_at=now() + timedelta(days=7)),
        lambda: client.short_link(PAGE, {}),
    ):
        platform.control("POST", "/faults", kind="wechat_code", value=code, times=2)
        with pytest.raises(kind) as refused:
            call()
        assert type(refused.value) is kind and refused.value.provider_code == code
        platform.http.delete("/_sim/faults")


def test_what_would_be_refused_is_not_sent(platform: Platform) -> None:
    client = platform.links()
    for page, query, days in (
        ("/a", {}, 7),
        ("a?b", {}, 7),
        ("a", {"q": "x" * 1025}, 7),
        ("a", {}, 31),
        ("a", {}, 0),
    ):
        with pytest.raises(GatewayInvalid):
            client.url_link(page, query, expires_at=now() + timedelta(days=days))  # type: ignore[arg-type]
    assert platform.control("GET", "/calls")["calls"] == []


@pytest.fixture
def mine(platform: Platform) -> Shop:
    return shop()


def test_a_leaders_links_are_made_once_and_anew_before_they_end(platform: Platform, mine: Shop) -> None:
    sale = mine.sale(offer(mine.product(), price_fen=3990))
    token = share(mine, sale)["token"]
    first = mine.boss.ok("POST", f"/leader/shares/{token}/mini-links")
    assert first["url_link"].startswith("https://wxaurl.cn/") and first["short_link"].startswith("#小程序://")
    assert mine.boss.ok("POST", f"/leader/shares/{token}/mini-links") == first
    assert (platform.calls("/generate_urllink"), platform.calls("/genwxashortlink")) == (1, 1)
    queries = {one["query"] for one in platform.control("GET", "/links")["links"]}
    assert queries == {f"code={sale['code']}&t={token}"}
    AppLink.objects.update(expires_at=now() + timedelta(days=2))
    second = mine.boss.ok("POST", f"/leader/shares/{token}/mini-links")
    assert second["url_link"] != first["url_link"] and AppLink.objects.count() == 2
    with frozen(now() + timedelta(days=30)):
        assert links.clear_old() == 2


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("link_quota", 429, "wechat_link_quota"), ("wechat_unpublished", 409, "wechat_not_published")],
)
def test_a_refusal_says_what_it_is_and_keeps_nothing(
    platform: Platform, mine: Shop, fault: str, status: int, code: str
) -> None:
    token = share(mine)["token"]
    platform.fault(fault, times=0)
    assert mine.boss.refused("POST", f"/leader/shares/{token}/mini-links") == (status, code)
    assert AppLink.objects.count() == 0


def test_nobody_makes_links_of_a_strangers_share(platform: Platform, mine: Shop) -> None:
    token = share(mine)["token"]
    other = shop()
    assert other.boss.refused("POST", f"/leader/shares/{token}/mini-links") == (404, "not_found")
    assert platform.calls("/generate_urllink") == 0
