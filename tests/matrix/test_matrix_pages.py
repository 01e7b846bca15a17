"""Routes outside the API: pages, pictures, notices, the console. A route nobody listed here fails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from matrix.town import ROLES, Town
from matrix.watch import Watch
from yantuan.api.urls import urlpatterns
from yantuan.console.urls import console_site
from yantuan.identity import sessions
from yantuan.notices.sse import events_app
from yantuan.sharing import scenes

pytestmark = pytest.mark.django_db

PAGES: dict[str, tuple[str, int, int]] = {
    "console": ("/console", 302, 302),
    "desk": ("/desk", 302, 302),
    "healthz": ("/healthz", 200, 200),
    "readyz": ("/readyz", 200, 200),
    "media/<str:name>": ("/media/{code}.webp", 404, 404),
    "notify/wechatpay/transactions": ("/notify/wechatpay/transactions", 405, 405),
    "notify/wechatpay/refunds": ("/notify/wechatpay/refunds", 405, 405),
    "notify/wechatpay/<str:code>/<str:what>": ("/notify/wechatpay/{code}/refunds", 405, 405),
    "notify/wechat/push": ("/notify/wechat/push", 403, 403),
    "notify/wechat/content/<str:name>": ("/notify/wechat/content/{code}", 404, 404),
    "notify/kuaidi100": ("/notify/kuaidi100", 405, 405),
    "notify/kdniao": ("/notify/kdniao", 405, 405),
    "share/<str:token>/poster.jpg": ("/share/{token}/poster.jpg", 200, 404),
    "share/<str:token>/qr.png": ("/share/{token}/qr.png", 200, 404),
    "share/<str:token>/card.jpg": ("/share/{token}/card.jpg", 200, 404),
    "share/g/<str:code>/card.jpg": ("/share/g/{code}/card.jpg", 200, 404),
    "share/s/<str:code>/card.jpg": ("/share/s/{store_code}/card.jpg", 200, 404),
    "share/door/<str:scene>.jpg": ("/share/door/{door}.jpg", 200, 404),
    "share/label/<str:scene>.jpg": ("/share/label/{label}.jpg", 200, 404),
    "gate-sw.js": ("/gate-sw.js", 200, 200),
    "gate.webmanifest": ("/gate.webmanifest", 200, 200),
    "g/<str:code>": ("/g/{code}", 200, 404),
    "s/<str:code>": ("/s/{store_code}", 200, 404),
    "^(?!api/|console/|desk/|media/|share/|notify/|assets/|static/).*$": ("/pages/orders/index", 200, 200),
}
"""Pattern of `api/urls.py` → address, status for what exists, status for what doesn't; the same for everybody."""
OPEN_CONSOLE = re.compile(r"^/console/(login|verify|set-up|logout|demo|jsi18n)/")


def _names(town: Town, side: str) -> dict[str, str]:
    """The ids of a side's rows, and the codes to print that carry them."""
    ids = town.sides[side].ids
    printed = {
        "door": scenes.of_point(int(ids["point_id"])),
        "label": scenes.of_order(int(ids["paid_order_id"])),
    }
    return {**ids, **printed}


def test_every_route_is_listed() -> None:
    own = {str(p.pattern) for p in urlpatterns if not isinstance(p, URLResolver)}
    assert own == set(PAGES)
    assert {str(p.pattern) for p in urlpatterns if isinstance(p, URLResolver)} == {
        "api/",
        "console/",
        "desk/",
    }


@pytest.mark.parametrize("pattern", sorted(PAGES))
def test_pages(pattern: str, town: Town, watch: Watch) -> None:
    address, there, absent = PAGES[pattern]
    for role in ROLES:
        for target, wanted in (("a", there), ("absent", absent)):
            with watch.cell():
                path = address.format(**_names(town, target))
                answer = town.callers[role].client.get(path)
                assert answer.status_code == wanted, (role, path)
                assert not watch.changed(), (role, path)
            if path.endswith((".jpg", ".png")) or address.startswith("/g/"):
                assert answer.headers["Cache-Control"], path
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        with watch.cell():
            answer = town.callers["buyer"].client.generic(method, address.format(**_names(town, "a")), "{}")
            assert answer.status_code in (200, 404, 405) and not watch.changed()


@pytest.mark.parametrize(
    "path", ["/api/s/", "/api/g/", "/g/", "/s/", "/share/", "/api/shares/", "/media/", "/console/"]
)
def test_addresses_with_nul(path: str, town: Town, watch: Watch) -> None:
    for tail in (
        "a%00b",
        "a%00b/joined",
        "a%00b/poster.jpg",
        "a%00b/open",
        "a?t=%00",
        "leaders/leader/?q=%00",
    ):
        with watch.cell():
            answer = town.callers["operator"].client.get(path + tail)
        assert answer.status_code == 400, path + tail


def test_private_pictures_have_no_public_address(town: Town, watch: Watch) -> None:
    a, buyer = town.sides["a"], town.callers["buyer"]
    shown = buyer.client.get(f"/api/media/{a.ids['media_id']}/private")
    assert shown.status_code == 200 and shown["Content-Type"] == "image/webp"
    assert "no-store" in shown["Cache-Control"] or "private" in shown["Cache-Control"]


def test_forged_notices_change_nothing(town: Town, watch: Watch) -> None:
    pay = ("/notify/wechatpay/transactions", "/notify/wechatpay/refunds")
    for path in (*pay, "/notify/wechat/push", "/notify/kuaidi100", "/notify/kdniao"):
        for role in ("visitor", "leader", "operator"):
            for body in ("", "{}", '{"id": "1", "resource": {}}', "x" * 300_000):
                with watch.cell():
                    answer = town.callers[role].client.post(path, body, content_type="application/json")
                    assert 400 <= answer.status_code < 600 and answer.status_code != 500, (
                        path,
                        answer.status_code,
                    )
                    assert not watch.changed()


def test_live_events_need_a_session(town: Town) -> None:
    async def ask(token: str) -> int:
        sent = []

        async def receive() -> dict[str, object]:
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        headers = [(b"cookie", f"{sessions.COOKIE}={token}".encode())] if token else []
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/events",
            "query_string": b"",
            "headers": headers,
        }
        await events_app(scope, receive, send)  # type: ignore[arg-type]
        return int(str(sent[0]["status"]))

    assert asyncio.run(ask("")) == 401


def console_paths(patterns: list[URLPattern | URLResolver], above: str) -> Iterator[str]:
    for pattern in patterns:
        here = above + re.sub(r"<[^>]+>|\(\?P<\w+>[^)]*\)", "1", str(pattern.pattern)).strip("^$")
        if isinstance(pattern, URLResolver):
            yield from console_paths(pattern.url_patterns, here)
        else:
            yield here


def test_only_operators_enter_the_console(town: Town, watch: Watch) -> None:
    paths = sorted({p for p in console_paths(list(console_site.urls[0]), "/console/") if "\\" not in p})
    assert len(paths) > 60
    for path in paths:
        if OPEN_CONSOLE.match(path):
            continue
        for role in [role for role in ROLES if role != "operator"]:
            for method in ("GET", "POST"):
                with watch.cell():
                    client: Client = town.callers[role].client
                    answer = client.generic(method, path)
                    away = answer.status_code == 302 and "/console/login/" in answer["Location"]
                    assert away or answer.status_code in (403, 404, 405), (
                        role,
                        method,
                        path,
                        answer.status_code,
                    )
                    assert not watch.changed(), (role, method, path)


def test_an_operator_reads_every_page(town: Town, watch: Watch) -> None:
    paths = {p for p in console_paths(list(console_site.urls[0]), "/console/") if "\\" not in p}
    for path in sorted(p for p in paths if "1" not in p and "demo" not in p and "logout" not in p):
        with watch.cell():
            answer = town.callers["operator"].client.get(path)
        assert answer.status_code in (200, 302, 403, 404), (path, answer.status_code)
    with watch.cell():
        assert town.callers["operator"].client.get("/console/").status_code == 200
        assert town.callers["operator"].client.get("/console/demo/").status_code == 404
