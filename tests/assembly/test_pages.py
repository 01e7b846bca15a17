"""The app's document: what crawlers read, what the first paint needs, and nothing that could run by surprise."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

import factories
from yantuan.api import built
from yantuan.groupbuys.models import GroupBuy
from yantuan.sharing.actions import share_group_buy
from yantuan.sharing.models import Share
from yantuan.sharing.schemas import ShareIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def built_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document as the build leaves it, so that these tests need no Node."""
    html = '<!DOCTYPE html><html><head><title>雁团</title></head><body><div id="app"></div></body></html>'
    monkeypatch.setattr(built, "document", lambda: html)


@pytest.fixture
def sale() -> GroupBuy:
    shop = factories.store(factories.leader("林小满"))
    return factories.group_buy(shop, [factories.product(shop)])


def _boot(html: str) -> dict[str, Any]:
    found = re.search(r'<script id="yt-boot" type="application/json">(.*?)</script>', html, re.S)
    assert found
    boot: dict[str, Any] = json.loads(found[1])
    return boot


def _without_fractions(page: dict[str, Any]) -> dict[str, Any]:
    """The same moments may be written with micro- or milliseconds; the clock of the answer itself is left out."""
    text = json.dumps({k: v for k, v in page.items() if k != "server_time"})
    found: dict[str, Any] = json.loads(re.sub(r"(T\d\d:\d\d:\d\d)\.\d+", r"\1", text))
    return found


def test_a_short_link_carries_the_first_data(sale: GroupBuy) -> None:
    html = Client().get(f"/g/{sale.code}").content.decode()
    boot = _boot(html)
    api = Client().get(f"/api/g/{sale.code}").json()
    inlined = boot["api"][f"/api/g/{sale.code}"]
    assert _without_fractions(inlined) == _without_fractions(api)
    assert boot["api"]["/api/me"]["person"] is None
    assert boot["route"] == f"/pages/g/index?code={sale.code}"
    assert f'<meta property="og:title" content="{sale.title}' in html
    assert "og:image" in html


def test_an_unknown_code_is_404_with_the_app_around_it() -> None:
    answer = Client().get("/g/nothere12")
    assert answer.status_code == 404
    assert 'id="app"' in answer.content.decode()


def test_a_title_cannot_leave_its_place(sale: GroupBuy) -> None:
    title = "</script><img src=x onerror=alert(1)>\"'&"
    GroupBuy.objects.filter(id=sale.id).update(title=title)
    answer = Client().get(f"/g/{sale.code}")
    html = answer.content.decode()
    assert "<img src=x" not in html
    assert _boot(html)["api"][f"/api/g/{sale.code}"]["title"] == title


def test_only_scripts_with_the_answers_nonce_run(sale: GroupBuy) -> None:
    first, second = (Client().get(f"/g/{sale.code}") for _ in range(2))
    policies = [a["Content-Security-Policy"] for a in (first, second)]
    nonces = [re.search(r"'nonce-([^']+)'", p)[1] for p in policies]  # type: ignore[index]
    assert nonces[0] != nonces[1]
    inline = re.findall(r"<script nonce=([^>\s]+)>", first.content.decode())
    assert inline
    assert set(inline) == {nonces[0]}
    assert "unsafe-inline" not in policies[0].split("script-src")[1].split(";")[0]


def test_an_open_is_counted_once_a_day_per_visitor(sale: GroupBuy) -> None:
    share = share_group_buy(sale.store.leader.person, sale.id, ShareIn(kind="link", label="三期群"))
    for agent in ("WeChat/8", "WeChat/8", "Safari"):
        Client().get(f"/g/{sale.code}?t={share.token}", HTTP_USER_AGENT=agent)
    assert Share.objects.get(id=share.id).opens == 2


def test_personal_documents_are_never_cached(sale: GroupBuy) -> None:
    assert Client().get(f"/g/{sale.code}")["Cache-Control"] == "no-store"
    assert Client().get("/api/me")["Cache-Control"] == "no-store"


def test_every_other_address_is_the_apps() -> None:
    assert Client().get("/pages/me/index").status_code == 200
    assert Client().get("/api/none").status_code == 404
    assert Client().post("/pages/me/index").status_code == 405


@pytest.mark.parametrize("path", ["/desk", "/console"])
def test_an_address_without_its_slash_leads_on(path: str) -> None:
    answer = Client().get(f"{path}?next=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{path}/?next=1")
    assert Client().get(path)["Location"] == f"{path}/"
    assert Client().get(f"{path}s").status_code == 404
    assert Client().post(path).status_code == 405
