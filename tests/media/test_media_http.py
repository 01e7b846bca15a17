"""Pictures over HTTP: upload, public files, private ones, orphans."""

from __future__ import annotations

import io
import os
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from identity.small_app import App, make_person, picture_bytes
from yantuan.media import access, files
from yantuan.media.actions import store_picture
from yantuan.media.cleaning import clear_orphans
from yantuan.media.models import Media
from yantuan.media.queries import media_map

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]


def upload(app: App, data: bytes, purpose: str = "product", name: str = "a.png") -> Any:
    body = {"file": SimpleUploadedFile(name, data, "image/png"), "purpose": purpose}
    return app.client.post("/api/media", body, headers={"Authorization": f"Bearer {app.token}"})


def test_a_public_picture_is_served_for_ever() -> None:
    app = App(make_person())
    out = upload(app, picture_bytes(size=(900, 300))).json()
    assert (out["width"], out["height"]) == (900, 300)
    answer = Client().get(out["url"])
    assert answer.status_code == 200 and answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff" and "immutable" in answer["Cache-Control"]
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
    thumb = Client().get(out["thumb_url"])
    assert Image.open(io.BytesIO(thumb.content)).width == 400
    assert Client().get(out["url"], headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert Client().post(out["url"]).status_code == 405
    assert not list(files.root().rglob("*.part"))


@pytest.mark.parametrize("purpose", ["certification", "proof", "after_sale"])
def test_a_private_picture_is_its_owners(purpose: str) -> None:
    person = make_person()
    app, stranger = App(person), App(make_person())
    out = upload(app, picture_bytes(), purpose).json()
    row = Media.objects.get()
    assert row.private and row.key not in str(out)
    answer = app.get(out["url"])
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    assert app.get(out["thumb_url"]).status_code == 200
    refused = stranger.get(out["url"])
    absent = stranger.get("/api/media/12345/private")
    assert refused.status_code == absent.status_code == 404
    assert refused.json()["code"] == absent.json()["code"] == "not_found"
    assert App().get(out["url"]).status_code == 401
    assert Client().get(f"/media/{row.key}.webp").status_code == 404


def test_upper_floors_name_further_viewers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_viewers", {})
    friend, stranger = make_person(), make_person()
    media = store_picture(make_person().id, "proof", picture_bytes())
    access.grant("proof")(lambda person, row: person.id == friend.id and row.id == media.id)
    assert App(friend).get(f"/api/media/{media.id}/private").status_code == 200
    assert App(stranger).get(f"/api/media/{media.id}/private").status_code == 404


@pytest.mark.parametrize(
    ("data", "purpose", "status", "code"),
    [
        (b"<svg onload=alert(1)>", "product", 415, "picture_kind_unsupported"),
        (b"", "product", 422, "picture_not_readable"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "product", 422, "picture_not_readable"),
        (b"\xff\xd8\xff" + b"0" * (10 * 1024 * 1024), "product", 413, "picture_too_large"),
        (picture_bytes(), "anything", 422, "media_purpose_unknown"),
    ],
)
def test_bad_uploads_leave_nothing(data: bytes, purpose: str, status: int, code: str) -> None:
    before = set(files.every_file())
    answer = upload(App(make_person()), data, purpose)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Media.objects.count() == 0 and set(files.every_file()) == before


def test_uploads_need_a_session_and_have_a_pace() -> None:
    assert upload(App(), picture_bytes()).status_code == 401
    app = App(make_person())
    answers = [upload(app, picture_bytes()).status_code for _ in range(42)]
    assert set(answers[:20]) == {200} and answers.count(200) >= 40
    # The window may turn once while the test runs; it can't turn twice.
    assert answers.count(429) >= 2 or answers.count(200) > 40


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.webp", "x" * 22, "x" * 22 + ".png", "%2e%2e/x.webp"])
def test_names_that_are_no_keys_are_absent(name: str) -> None:
    assert Client().get(f"/media/{name}").status_code == 404


def test_orphans_are_cleared_and_the_rest_is_left() -> None:
    kept = store_picture(None, "product", picture_bytes())
    young = files.path_of("A" * 22)
    old, part = files.path_of("B" * 22), files.path_of("C" * 22).with_suffix(".webp.77.part")
    for path in (young, old, part):
        files.write(path, b"x")
    yesterday = time.time() - 2 * 86400
    for path in (old, part, files.path_of(kept.key), files.path_of(kept.key, thumb=True)):
        os.utime(path, (yesterday, yesterday))
    assert clear_orphans() >= 2
    assert not old.exists() and not part.exists()
    assert (
        young.exists() and files.path_of(kept.key).exists() and files.path_of(kept.key, thumb=True).exists()
    )
    young.unlink()


def test_many_pictures_are_one_query(django_assert_num_queries: Any) -> None:
    rows = [store_picture(None, "product", picture_bytes()) for _ in range(3)]
    with django_assert_num_queries(1):
        found = media_map([*(row.id for row in rows), None, 5])
    assert set(found) == {row.id for row in rows}
    with django_assert_num_queries(0):
        assert media_map([None]) == {}


def test_a_full_disk_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(make_person())

    def full(path: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write", full)
    answer = upload(app, picture_bytes())
    assert (answer.status_code, answer.json()["code"]) == (503, "media_unavailable")
    assert answer["Retry-After"] == "30"
    assert not Media.objects.exists()
