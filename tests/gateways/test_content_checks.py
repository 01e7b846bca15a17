"""The content-check client against the simulator: each verdict, and every documented refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_content import AuthorInactive, ContentClient, PictureRefused, judgement_of
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.simulator.app import create_app

URL = "http://127.0.0.1:1/p.jpg"


@dataclass
class Platform:
    http: TestClient
    client: ContentClient
    openid: str

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"/_sim{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    app = create_app(tmp_path, public_url="http://127.0.0.1:8001")
    world = app.state.world
    http = TestClient(app, base_url="http://127.0.0.1:8001")
    c = world.credentials
    settings = MiniSettings("http://127.0.0.1:8001", c.mini_appid, c.mini_secret)
    openid = world.openid_of(c.mini_appid, "林姐")
    made = Platform(http, ContentClient(settings, MemoryTokenStore(), transport=http._transport), openid)
    made.post("/content/seen", openid=openid)
    yield made
    world.db.close()


def test_texts_are_judged_by_their_words(platform: Platform) -> None:
    platform.post("/content", words={"坏话": "risky:20003", "也许": "review:20012"})
    found = [platform.client.check_text(t, platform.openid) for t in ("好话", "也许吧", "也许是坏话")]
    assert [(j.suggest, j.label) for j in found] == [("pass", 100), ("review", 20012), ("risky", 20003)]
    assert len({j.trace_id for j in found}) == 3


def test_a_text_of_the_longest_length_passes_and_a_longer_is_not_sent(platform: Platform) -> None:
    assert platform.client.check_text("长" * 2500, platform.openid).suggest == "pass"
    with pytest.raises(GatewayInvalid):
        platform.client.check_text("长" * 2501, platform.openid)
    with pytest.raises(GatewayInvalid):
        platform.client.check_text("", platform.openid)
    assert len(platform.http.get("/_sim/content").json()["checks"]) == 1


def test_who_was_not_there_for_two_hours_is_not_judged(platform: Platform) -> None:
    platform.post("/content/seen", openid=platform.openid, seconds_ago=7190)
    assert platform.client.check_text("好", platform.openid).suggest == "pass"
    platform.post("/content/seen", openid=platform.openid, seconds_ago=7210)
    for ask in (platform.client.check_text, platform.client.check_picture):
        with pytest.raises(AuthorInactive) as refused:
            ask(URL, platform.openid)
        assert refused.value.provider_code == "61010"
    with pytest.raises(AuthorInactive) as refused:
        platform.client.check_text("好", "o-nobody")
    assert refused.value.provider_code == "40003"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("45009", GatewayThrottled), ("45011", GatewayThrottled), ("44991", GatewayThrottled), ("-1", GatewayUnavailable),
        ("43104", AuthorInactive), ("61010", AuthorInactive), ("40004", PictureRefused), ("87020", PictureRefused),
        ("40129", GatewayRefused), ("44002", GatewayRefused), ("47001", GatewayRefused), ("43002", GatewayRefused),
    ],
)  # fmt: skip
def test_each_documented_code(platform: Platform, code: str, kind: type[Exception]) -> None:
    platform.post("/faults", kind="wechat_code", operation="/wxa/media_check_async", value=code, times=0)
    with pytest.raises(kind) as refused:
        platform.client.check_picture(URL, platform.openid)
    assert type(refused.value) is kind
    assert platform.http.get("/_sim/content").json()["checks"] == []


def test_the_old_answer_for_risky_counts_as_risky(platform: Platform) -> None:
    platform.post("/faults", kind="wechat_code", operation="/wxa/msg_sec_check", value="87014")
    found = platform.client.check_text("好", platform.openid)
    assert (found.suggest, found.label) == ("risky", 21000)


def test_a_refused_token_is_renewed_once(platform: Platform) -> None:
    platform.post("/faults", kind="wechat_code", operation="/wxa/msg_sec_check", value="40001")
    assert platform.client.check_text("好", platform.openid).suggest == "pass"


def test_a_picture_gets_a_number_and_a_push(platform: Platform) -> None:
    trace_id = platform.client.check_picture(URL, platform.openid)
    platform.post("/content/judge", trace_id=trace_id, suggest="risky", label=20002)
    push = platform.http.get("/_sim/push").json()["pushes"][0]
    assert push["event"] == "wxa_media_check" and push["message"]["trace_id"] == trace_id
    found = judgement_of(push["message"])
    assert (found.suggest, found.label, found.trace_id) == ("risky", 20002, trace_id)
    with pytest.raises(GatewayInvalid):
        platform.client.check_picture("file:///etc/passwd", platform.openid)


def test_answers_that_make_no_sense() -> None:
    for answer in ({}, {"result": {}}, {"result": {"suggest": "perhaps"}}, {"result": "pass"}):
        with pytest.raises(GatewayUnavailable):
            judgement_of(answer)
    # In an XML push every value is text.
    assert judgement_of({"trace_id": "t", "result": {"suggest": "pass", "label": "100"}}).label == 100
