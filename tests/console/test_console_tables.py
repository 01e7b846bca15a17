"""Every table of the console: readable, never writable; and the few things operators decide."""

from __future__ import annotations

import gettext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from identity.small_app import make_person, picture_bytes
from yantuan.console import theme, waits
from yantuan.console.urls import console_site
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.desk import DeskAdmin
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.leaders import actions
from yantuan.leaders.models import Certification, InviteCode, Leader
from yantuan.media.actions import store_picture
from yantuan.media.models import Media
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db
TABLES = sorted(console_site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A signed-in operator."""
    monkeypatch.setattr(config(), "demo", True)
    client = Client()
    client.get("/console/demo/")
    return client


def make_leader(name: str = "阿姨") -> Leader:
    return Leader.objects.create(person=make_person("13812341234"), display_name=name, created_at=now())


def make_application(leader: Leader) -> Certification:
    paper = store_picture(leader.person_id, "certification", picture_bytes())
    Leader.objects.filter(id=leader.id).update(certification="pending")
    return Certification.objects.create(
        leader=leader,
        kind="person",
        legal_name="王秀英",
        id_number_sealed=actions.seal("id-number", "11010519491231002X"),
        id_number_hash="h",
        id_number_tail="002X",
        category="水果",
        paper_media_ids=[str(paper.id)],
        created_at=now(),
    )


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_every_table_can_be_read_and_none_written(model: Any, desk: Client) -> None:
    meta = model._meta
    assert isinstance(console_site._registry[model], DeskAdmin)
    base = f"admin:{meta.app_label}_{meta.model_name}"
    page = desk.get(reverse(f"{base}_changelist") + "?q=1")
    assert page.status_code == 200
    assert desk.get(reverse(f"{base}_changelist") + "?" + "&".join(["p=2"])).status_code in (200, 302)
    assert desk.get(reverse(f"{base}_add")).status_code == 403
    assert desk.post(reverse(f"{base}_add"), {}).status_code == 403
    assert desk.post(reverse(f"{base}_changelist"), {"action": "delete_selected"}).status_code in (200, 302)
    assert "/console/login/" in Client().get(reverse(f"{base}_changelist"))["Location"]


def test_the_menu_leads_somewhere(desk: Client) -> None:
    for group in theme.NAVIGATION:
        for item in group["items"]:
            assert desk.get(str(item["link"])).status_code == 200, item["title"]


def test_a_row_cannot_be_changed_by_posting(desk: Client) -> None:
    leader = make_leader()
    address = reverse("admin:leaders_leader_change", args=[leader.id])
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"certification": "approved", "display_name": "x"}).status_code == 403
    assert (
        desk.post(reverse("admin:leaders_leader_delete", args=[leader.id]), {"post": "yes"}).status_code
        == 403
    )
    leader.refresh_from_db()
    assert (leader.certification, leader.display_name) == ("none", "阿姨")


def test_invite_codes_are_made_shown_and_revoked(desk: Client) -> None:
    made = desk.post(
        reverse("admin:leaders_invitecode_create_code"),
        {"uses": "3", "days": "7", "phone": "13812341234", "note": "五月"},
        follow=True,
    )
    code = InviteCode.objects.get()
    assert (code.uses_allowed, code.phone_last4, code.note) == (3, "1234", "五月")
    assert abs(code.expires_at - now() - timedelta(days=7)) < timedelta(minutes=1)
    text = made.content.decode()
    assert "邀请码已创建" in text and "data-copy=" in text and "13812341234" not in text
    assert (
        desk.post(reverse("admin:leaders_invitecode_create_code"), {"uses": "0", "days": "7"}).status_code
        == 200
    )
    assert InviteCode.objects.count() == 1
    address = reverse("admin:leaders_invitecode_revoke_code", args=[code.id])
    assert desk.get(address).status_code == 200
    assert InviteCode.objects.get().revoked_at is None
    desk.post(address)
    assert InviteCode.objects.get().revoked_at is not None


def test_papers_are_shown_to_operators_and_looking_is_audited(desk: Client) -> None:
    row = make_application(make_leader())
    page = desk.get(reverse("admin:leaders_certification_change", args=[row.id]))
    assert "11010519491231002X" in page.content.decode()
    assert "11010519491231002X" not in desk.get("/console/leaders/certification/").content.decode()
    paper = reverse("admin:leaders_certification_paper", args=[row.id, 0])
    full = desk.get(paper)
    assert (
        full.status_code == 200
        and full["Content-Type"] == "image/webp"
        and "no-store" in full["Cache-Control"]
    )
    assert desk.get(paper + "?thumb=1").status_code == 200
    assert desk.get(reverse("admin:leaders_certification_paper", args=[row.id, 1])).status_code == 404
    assert Client().get(paper).status_code == 302
    acts = AuditEntry.objects.filter(target_id=row.id).values_list("action", flat=True)
    assert sorted(acts) == ["certification.paper", "certification.view"]
    assert Media.objects.get().private


def test_an_application_is_rejected_with_a_reason_once(desk: Client) -> None:
    leader = make_leader()
    row = make_application(leader)
    reject = reverse("admin:leaders_certification_reject", args=[row.id])
    assert desk.post(reject, {"reason": ""}).status_code == 200
    row.refresh_from_db()
    assert row.state == "pending"
    assert desk.post(reject, {"reason": "照片不清楚"}).status_code == 302
    row.refresh_from_db()
    leader.refresh_from_db()
    assert (row.state, row.reason, leader.certification) == ("rejected", "照片不清楚", "rejected")
    assert (
        desk.post(reverse("admin:leaders_certification_approve", args=[row.id]), {"reason": ""}).status_code
        == 403
    )
    assert AuditEntry.objects.get(action="certification.reject").reason == "照片不清楚"


def test_an_application_is_approved(desk: Client) -> None:
    leader = make_leader()
    row = make_application(leader)
    assert waits.certifications() == 1
    assert (
        desk.post(reverse("admin:leaders_certification_approve", args=[row.id]), {"reason": ""}).status_code
        == 302
    )
    leader.refresh_from_db()
    assert leader.may_sell and waits.certifications() == 0


def test_leaders_and_stores_are_stopped_with_a_reason(desk: Client) -> None:
    leader = make_leader()
    store = Store.objects.create(leader=leader, code="abc", name="菜园", created_at=now(), updated_at=now())
    for row, name in ((leader, "leaders_leader"), (store, "stores_store")):
        stop = reverse(f"admin:{name}_suspend", args=[row.id])
        assert desk.post(stop, {"reason": "x"}).status_code == 200
        row.refresh_from_db()
        assert row.suspended_at is None
        assert desk.post(stop, {"reason": "多次投诉"}).status_code == 302
        row.refresh_from_db()
        assert (row.suspended_at is not None, row.suspend_reason) == (True, "多次投诉")
        assert desk.post(stop, {"reason": "多次投诉"}).status_code == 403
        assert (
            desk.post(reverse(f"admin:{name}_restore", args=[row.id]), {"reason": "已整改"}).status_code
            == 302
        )
        row.refresh_from_db()
        assert row.suspended_at is None


def test_a_dead_event_is_tried_again(desk: Client) -> None:
    event = OutboxEvent.objects.create(
        topic="x", state="dead", attempts=12, available_at=now(), created_at=now(), last_error="<b>down</b>"
    )
    page = desk.get(reverse("admin:kernel_outboxevent_change", args=[event.id])).content.decode()
    assert "&lt;b&gt;down" in page and "<b>down" not in page
    retry = reverse("admin:kernel_outboxevent_retry_event", args=[event.id])
    assert desk.post(retry).status_code == 302
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("pending", 0)
    assert desk.post(retry).status_code == 403
    assert AuditEntry.objects.filter(action="outbox.retry", target_id=event.id).count() == 1


def test_forms_need_the_csrf_token(desk: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.cookies
    answer = strict.post(reverse("admin:leaders_invitecode_create_code"), {"uses": "1", "days": "1"})
    assert answer.status_code == 403 and InviteCode.objects.count() == 0


def test_strange_ids_are_absent(desk: Client) -> None:
    for strange in ("abc", "9" * 30, "0"):
        answer = desk.get(f"/console/leaders/leader/{strange}/suspend/")
        assert answer.status_code in (403, 404)


def test_the_compiled_words_are_the_written_ones() -> None:
    folder = Path(theme.__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES"
    compiled = gettext.GNUTranslations((folder / "django.mo").open("rb"))
    source = (folder / "django.po").read_text(encoding="utf-8")
    for block in source.split("\n\n")[1:]:
        lines = dict(line.split(" ", 1) for line in block.splitlines() if line.startswith("msg"))
        if "msgstr" in lines:
            assert compiled.gettext(lines["msgid"].strip().strip('"')) == lines["msgstr"].strip().strip('"')
