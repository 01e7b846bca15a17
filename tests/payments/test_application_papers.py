"""Pictures of an onboarding: kept while it lasts and some days longer, then gone; forgotten drafts end as well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from payworld import Simulator, World
from test_applications import _asked, _picture, _sent, _step, form  # noqa: F401 - a fixture

from yantuan.kernel.clock import frozen, now
from yantuan.media import files, keeping
from yantuan.media.actions import store_picture
from yantuan.media.models import Media
from yantuan.merchants import jobs, onboarding
from yantuan.merchants.forms import Form
from yantuan.merchants.models import MerchantApplication

pytestmark = pytest.mark.usefixtures("sim")


def _age(days: int) -> None:
    Media.objects.update(created_at=now() - timedelta(days=days))


def _left() -> int:
    return Media.objects.filter(removed_at=None).count()


def test_they_stay_through_the_whole_application_and_thirty_days(
    world: World,
    sim: Simulator,
    form: Form,  # noqa: F811
) -> None:
    row = _sent(world, form)
    _age(60)
    assert keeping.remove_old_papers() == 0
    for action in ("pass", "sign", "open"):
        _step(sim, row, action)
        row = _asked(row)
    assert (row.state, row.form_sealed) == ("finished", "")
    assert sorted(row.papers) == sorted(form.pictures())
    assert keeping.remove_old_papers() == 0 and _left() == 3
    with frozen(now() + timedelta(days=31)):
        assert keeping.remove_old_papers() == 3
    keys = list(Media.objects.filter(purpose="certification").values_list("key", flat=True))
    assert _left() == 0 and len(keys) == 3
    assert not any(files.path_of(key, thumb=thumb).exists() for key in keys for thumb in (False, True))


def test_a_picture_replaced_on_the_way_is_one_of_its_papers_too(
    world: World,
    sim: Simulator,
    form: Form,  # noqa: F811
) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    other = store_picture(world.leader_person.id, "certification", _picture(220))
    changed = Form(**{**vars(form), "license_media_id": str(other.id)})
    onboarding.save(world.leader_person, world.store.id, changed)
    assert set(MerchantApplication.objects.get().papers) == {*form.pictures(), str(other.id)}


def test_rows_from_before_keep_what_their_form_names(
    world: World,
    sim: Simulator,
    form: Form,  # noqa: F811
) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    MerchantApplication.objects.update(papers=[])
    _age(60)
    assert keeping.remove_old_papers() == 0 and _left() == 3


def test_a_draft_nobody_comes_back_to_is_given_up(
    world: World,
    sim: Simulator,
    form: Form,  # noqa: F811
) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    _age(200)
    with frozen(now() + timedelta(days=179)):
        assert jobs.give_up_abandoned_applications() == 0
    with frozen(now() + timedelta(days=181)):
        assert jobs.give_up_abandoned_applications() == 1
        row = MerchantApplication.objects.get()
        assert (row.state, row.form_sealed, row.finished_at is not None) == ("canceled", "", True)
        assert jobs.give_up_abandoned_applications() == 0
        assert keeping.remove_old_papers() == 0
    with frozen(now() + timedelta(days=212)):
        assert keeping.remove_old_papers() == 3


def test_a_lost_picture_comes_back_as_something_to_mend(
    world: World,
    sim: Simulator,
    form: Form,  # noqa: F811
) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    row = onboarding.send(world.leader_person, world.store.id, now())
    keeping.remove([int(form.id_back_media_id)])
    jobs.send_application({"application_id": str(row.id)})
    row.refresh_from_db()
    assert (row.state, row.details[0]["reason"]) == ("rejected", "有一张照片已经不在了，请重新上传")
    assert sim.call("GET", "/applyments")["applyments"] == []
