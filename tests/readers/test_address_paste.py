"""The pasted address over HTTP: what it gives, who may, how often, and that nothing is kept."""

from __future__ import annotations

import pytest

from identity.small_app import App, make_person
from yantuan.identity import pasted
from yantuan.identity.models import Address

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
PATH = "/api/me/addresses/read"


def _app() -> App:
    return App(make_person())


def test_a_pasted_text_fills_the_form() -> None:
    answer = _app().post(
        PATH, {"text": "张伟 13800138000 余杭区仓前街道文一西路1500号6幢2单元301室（放门口）"}
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "张伟", "phone": "13800138000", "phone_not_taken": "", "province": "浙江省", "city": "杭州市", "district": "余杭区",
        "detail": "仓前街道文一西路1500号", "building": "6幢", "unit": "2单元", "room": "301", "note": "放门口", "missing": [],
        "guessed": ["province", "city", "building", "unit", "room"],
    }  # fmt: skip
    assert Address.objects.count() == 0


def test_numbers_an_address_cannot_keep_are_shown_apart() -> None:
    app = _app()
    abroad = app.post(PATH, {"text": "陳先生 +852 6123 0000 香港沙田區正街1號"}).json()
    assert (abroad["phone"], abroad["phone_not_taken"], abroad["missing"]) == ("", "+852-61230000", [])
    shop = app.post(PATH, {"text": "华明[0421] 13800138021-0421 西安市雁塔区科技路33号[0421]"}).json()
    assert (shop["name"], shop["phone"], shop["detail"]) == (
        "华明",
        "13800138021",
        "科技路33号（电话转0421）",
    )


def test_what_it_answers_can_be_saved() -> None:
    app = _app()
    read = app.post(PATH, {"text": "张伟 13800138000 浙江省杭州市西湖区文三路478号华星大厦3栋502室"}).json()
    parts = ("name", "phone", "province", "city", "district", "detail", "building", "unit", "room")
    saved = app.post("/api/me/addresses", {part: read[part] for part in parts})
    assert saved.status_code == 200
    assert saved.json()["text"] == "浙江省杭州市西湖区 文三路478号华星大厦 3栋502室"


@pytest.mark.parametrize("text", ["", "   ", "文" * 5001])
def test_texts_out_of_bounds_are_refused(text: str) -> None:
    assert _app().post(PATH, {"text": text}).status_code == 422


def test_it_is_for_signed_in_people_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert App().post(PATH, {"text": "张伟"}).status_code == 401
    monkeypatch.setattr(pasted, "PER_MINUTE", 2)
    app = _app()
    statuses = [app.post(PATH, {"text": "张伟"}).status_code for _ in range(9)]
    assert statuses[0] == 200 and statuses[-1] == 429
