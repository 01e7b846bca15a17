"""Papers have an end: gone from the disk after their time, whatever crashes in between."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from identity.small_app import App, make_person, picture_bytes
from yantuan.health.jobs import copy_new_files, forget_removed_files
from yantuan.identity.models import Person
from yantuan.kernel import faults
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import AppError
from yantuan.leaders import actions
from yantuan.leaders.models import Certification, Leader
from yantuan.media import access, files, keeping
from yantuan.media.actions import store_picture
from yantuan.media.cleaning import clear_orphans
from yantuan.media.models import Media
from yantuan.media.queries import media_map
from yantuan.reports.checks import run_checks

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]


def paper(person: Person, days: int = 0, purpose: str = "certification") -> Media:
    """One uploaded so many days ago."""
    media = store_picture(person.id, purpose, picture_bytes())
    Media.objects.filter(id=media.id).update(created_at=now() - timedelta(days=days))
    return media


def lies(media: Media) -> list[bool]:
    return [files.path_of(media.key, thumb=thumb).exists() for thumb in (False, True)]


def is_gone(media: Media) -> bool:
    """Row and files agree that it is gone."""
    row = Media.objects.get(id=media.id)
    assert (row.removed_at is not None) == (lies(media) == [False, False])
    return row.removed_at is not None


@pytest.fixture
def leader() -> tuple[Leader, App]:
    person = make_person("13812341234")
    return Leader.objects.create(person=person, display_name="阿姨", created_at=now()), App(person)


def send(leader: Leader, app: App, *papers: Media) -> Certification:
    body = {
        "kind": "person", "legal_name": "王秀英", "id_number": "11010519491231002X", "category": "水果",
        "paper_media_ids": [str(one.id) for one in papers],
    }  # fmt: skip
    assert app.post("/api/leaders/certification", body).status_code == 200
    return Certification.objects.filter(leader=leader).latest("id")


def test_papers_go_thirty_days_after_the_decision(leader: tuple[Leader, App]) -> None:
    owner, app = leader
    kept = paper(owner.person, days=40)
    row = send(owner, app, kept)
    # However long the operator takes, what waits for a decision stays.
    assert keeping.remove_old_papers() == 0 and not is_gone(kept)
    actions.decide(row.id, True, "", 7)
    with frozen(now() + timedelta(days=29)):
        assert keeping.remove_old_papers() == 0 and not is_gone(kept)
    with frozen(now() + timedelta(days=31)):
        assert keeping.remove_old_papers() == 1 and is_gone(kept)
        assert keeping.remove_old_papers() == 0
    shown = app.get("/api/leaders/me").json()["certification"]
    assert (shown["state"], shown["papers"]) == ("approved", [])
    assert app.get(f"/api/media/{kept.id}/private").status_code == 404


def test_a_paper_used_again_stays_with_the_newer_application(leader: tuple[Leader, App]) -> None:
    owner, app = leader
    kept = paper(owner.person, days=60)
    first = send(owner, app, kept)
    actions.decide(first.id, False, "照片不清楚", 7)
    Certification.objects.filter(id=first.id).update(decided_at=now() - timedelta(days=50))
    second = send(owner, app, kept)
    assert keeping.remove_old_papers() == 0 and not is_gone(kept)
    actions.decide(second.id, True, "", 7)
    with frozen(now() + timedelta(days=31)):
        assert keeping.remove_old_papers() == 1 and is_gone(kept)


def test_papers_nobody_ever_sent_go_too_and_other_pictures_stay(leader: tuple[Leader, App]) -> None:
    person = leader[0].person
    forgotten, young = paper(person, days=31), paper(person, days=29)
    others = [paper(person, days=400, purpose=one) for one in ("product", "avatar", "proof", "after_sale")]
    assert keeping.remove_old_papers() == 1
    assert is_gone(forgotten) and not is_gone(young) and not any(is_gone(one) for one in others)


def test_the_time_is_the_operators_to_set(
    leader: tuple[Leader, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "papers_days", 5)
    old = paper(leader[0].person, days=6)
    assert keeping.remove_old_papers() == 1 and is_gone(old)


def test_a_crash_between_files_and_row_is_made_good(
    leader: tuple[Leader, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = paper(leader[0].person, days=31)
    app = leader[1]

    def die(name: str) -> None:
        raise faults.FaultRaised(name)

    monkeypatch.setattr(faults, "point", die)
    with pytest.raises(faults.FaultRaised, match="files_removed"):
        keeping.remove_old_papers()
    assert lies(old) == [False, False] and Media.objects.get(id=old.id).removed_at is None
    # Meanwhile nobody is told more than that it isn't there.
    assert app.get(f"/api/media/{old.id}/private").status_code == 404
    monkeypatch.undo()
    assert keeping.remove_old_papers() == 1 and is_gone(old)


def test_a_file_that_comes_back_for_a_removed_row_is_an_orphan(leader: tuple[Leader, App]) -> None:
    """As after half a restore: the row says gone, so no file of it may lie there."""
    old = paper(leader[0].person, days=31)
    data = files.path_of(old.key).read_bytes()
    keeping.remove([old.id])
    files.write(files.path_of(old.key), data)
    assert clear_orphans(older_than_hours=-1) >= 1
    assert is_gone(old)


def test_what_is_removed_can_not_be_used_or_seen(leader: tuple[Leader, App]) -> None:
    owner, _ = leader
    old, avatar = paper(owner.person), paper(owner.person, purpose="avatar")
    assert keeping.remove([old.id, avatar.id]) == 2
    assert keeping.remove([old.id, avatar.id]) == 0
    assert media_map([old.id, avatar.id]) == {}
    with pytest.raises(AppError, match="media_unknown"):
        access.own_media(owner.person_id, [old.id], {"certification"})
    with pytest.raises(AppError, match="not_found"):
        access.access_media(owner.person, old.id)
    assert App(owner.person).client.get(f"/media/{avatar.key}.webp").status_code == 404
    assert run_checks(["FL1"]).violations == []


@pytest.fixture
def copied(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    place = f"{tmp_path}/copy"
    monkeypatch.setattr(config(), "copy_to", place)
    monkeypatch.setattr(config(), "database_url", "")
    yield place


def test_the_copy_forgets_with_the_shop(leader: tuple[Leader, App], copied: str) -> None:
    old, stays = paper(leader[0].person, days=31), paper(leader[0].person)
    assert copy_new_files() >= 4
    there = [files.path_of(m.key).relative_to(data_folder()) for m in (old, stays)]
    paths = [f"{copied}/{one}" for one in there]
    keeping.remove_old_papers()
    assert forget_removed_files() == 2
    assert [Path(one).exists() for one in paths] == [False, True]
    assert forget_removed_files() == 0


def test_a_floor_that_needs_a_paper_is_asked(
    leader: tuple[Leader, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = paper(leader[0].person, days=31), paper(leader[0].person, days=31)

    def needs(ids: Collection[int], since: datetime) -> set[int]:
        assert since < now()
        return {mine.id} & set(ids)

    monkeypatch.setattr(keeping, "_needs", [needs])
    assert keeping.remove_old_papers() == 1
    assert not is_gone(mine) and is_gone(other)


def test_an_application_sent_at_the_same_moment_keeps_its_paper(
    leader: tuple[Leader, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the whole batch and the end of one picture somebody sends it: the look under the lock sees that."""
    owner, app = leader
    used, unused = paper(owner.person, days=31), paper(owner.person, days=31)
    real = list(keeping._needs)

    def as_it_was(ids: Collection[int], since: datetime) -> set[int]:
        found = {one for fn in real for one in fn(ids, since)}
        if len(ids) == 2:
            send(owner, app, used)
        return found

    monkeypatch.setattr(keeping, "_needs", [as_it_was])
    assert keeping.remove_old_papers() == 1
    assert not is_gone(used) and is_gone(unused)


def test_a_paper_that_has_just_gone_is_refused_and_nothing_is_sent(
    leader: tuple[Leader, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other order: destroyed between the first look at it and the row that would name it."""
    owner, app = leader
    old = paper(owner.person, days=31)
    found = actions.own_media

    def slow(*args: object) -> list[Media]:
        rows = found(*args)  # type: ignore[arg-type]
        assert keeping.remove_old_papers() == 1
        return rows

    monkeypatch.setattr(actions, "own_media", slow)
    body = {
        "kind": "person", "legal_name": "王秀英", "id_number": "11010519491231002X", "category": "水果",
        "paper_media_ids": [str(old.id)],
    }  # fmt: skip
    answer = app.post("/api/leaders/certification", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "media_unknown")
    assert not Certification.objects.exists()
    assert Leader.objects.get(id=owner.id).certification == "none"
