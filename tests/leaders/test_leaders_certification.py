"""Certification: papers, decision, correction, suspension."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from identity.small_app import App, make_person, picture_bytes
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import AuditEntry
from yantuan.leaders import actions
from yantuan.leaders.access import require_leader, require_selling
from yantuan.leaders.models import Certification, Leader
from yantuan.leaders.queries import leader_card
from yantuan.leaders.states import CERTIFICATION
from yantuan.media.actions import store_picture

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
NUMBER = "11010519491231002X"


def make_leader(phone: str = "13812341234") -> tuple[Leader, App]:
    person = make_person(phone)
    return Leader.objects.create(person=person, display_name="阿姨", created_at=now()), App(person)


def paper(leader: Leader, purpose: str = "certification") -> str:
    return str(store_picture(leader.person_id, purpose, picture_bytes()).id)


def send(app: App, papers: list[str], **more: Any) -> Any:
    body = {
        "kind": "person",
        "legal_name": "王秀英",
        "id_number": NUMBER,
        "category": "水果",
        "paper_media_ids": papers,
    }
    return app.post("/api/leaders/certification", body | more)


def test_papers_wait_are_rejected_corrected_and_approved() -> None:
    leader, app = make_leader()
    with pytest.raises(AppError, match="not_certified"):
        require_selling(leader)
    first = send(app, [paper(leader)]).json()
    assert (first["state"], first["state_label"]) == ("pending", "审核中")
    shown = first["certification"]
    assert shown["id_number_masked"].endswith("002X") and NUMBER not in str(first)
    assert shown["papers"][0]["url"].endswith("/private")
    assert NUMBER not in str(Certification.objects.values())
    waiting = send(app, [paper(leader)])
    assert (waiting.status_code, waiting.json()["code"]) == (409, "illegal_transition")
    actions.decide(int(shown["id"]), False, "照片不清楚，请重拍", 7)
    rejected = app.get("/api/leaders/me").json()
    assert (rejected["state"], rejected["certification"]["reason"]) == ("rejected", "照片不清楚，请重拍")
    second = send(app, [paper(leader)]).json()["certification"]
    actions.decide(int(second["id"]), True, "", 7)
    leader.refresh_from_db()
    assert leader.may_sell and leader.certified_at is not None
    require_selling(leader)
    card = leader_card(leader)
    assert (card.certified, card.certified_kind) == (True, "个人")
    acts = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert acts == [
        "certification.send",
        "certification.reject",
        "certification.send",
        "certification.approve",
    ]
    assert send(app, [paper(leader)]).json()["code"] == "illegal_transition"


def test_a_rejection_needs_a_reason_and_a_decision_stands() -> None:
    leader, app = make_leader()
    row = int(send(app, [paper(leader)]).json()["certification"]["id"])
    with pytest.raises(AppError, match="reason_needed"):
        actions.decide(row, False, " ", 7)
    actions.decide(row, True, "", 7)
    actions.decide(row, True, "", 8)
    with pytest.raises(AppError, match="certification_decided"):
        actions.decide(row, False, "改主意了", 8)
    assert Certification.objects.get().decided_by == 7
    assert AuditEntry.objects.filter(action="certification.approve").count() == 1
    with pytest.raises(AppError, match="not_found"):
        actions.decide(999, True, "", 7)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id_number": "110105194912310021"}, "id_number_invalid"),
        ({"kind": "company"}, "id_number_invalid"),
        ({"paper_media_ids": ["123456"]}, "media_unknown"),
    ],
)
def test_bad_papers_change_nothing(change: dict[str, Any], code: str) -> None:
    leader, app = make_leader()
    answer = send(app, [paper(leader)], **change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert Certification.objects.count() == 0 and app.get("/api/leaders/me").json()["state"] == "none"


def test_others_papers_cannot_be_borrowed() -> None:
    leader, app = make_leader()
    other, _ = make_leader("13700000000")
    for borrowed in (paper(other), paper(leader, "product")):
        assert send(app, [borrowed]).json()["code"] == "media_unknown"


def test_only_invited_people_send_papers() -> None:
    app = App(make_person("13812341234"))
    answer = send(app, ["1"])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_leader")


def test_a_suspension_works_at_once_and_can_be_lifted() -> None:
    leader, app = make_leader()
    Leader.objects.filter(id=leader.id).update(certification="approved")
    stale = require_leader(leader.person)
    require_selling(stale)
    with pytest.raises(AppError, match="reason_needed"):
        actions.suspend_leader(leader.id, "", 7)
    actions.suspend_leader(leader.id, "多次投诉未处理", 7)
    actions.suspend_leader(leader.id, "另一个原因", 8)
    with pytest.raises(AppError, match="leader_suspended"):
        require_selling(stale)
    seen = app.get("/api/leaders/me").json()
    assert (seen["suspended"], seen["suspend_reason"]) == (True, "多次投诉未处理")
    actions.restore_leader(leader.id, "已整改", 7)
    require_selling(stale)
    acts = AuditEntry.objects.order_by("seq").values_list("action", "reason")
    assert list(acts) == [("leader.suspend", "多次投诉未处理"), ("leader.restore", "已整改")]


def test_a_suspended_leaders_papers_do_not_come_back_under_another_phone() -> None:
    leader, app = make_leader()
    send(app, [paper(leader)])
    actions.suspend_leader(leader.id, "售假", 7)
    twin, twin_app = make_leader("13700000000")
    answer = send(twin_app, [paper(twin)])
    assert (answer.status_code, answer.json()["code"]) == (403, "leader_suspended")
    assert twin.certifications.count() == 0


@pytest.mark.parametrize("state", CERTIFICATION.states)
@pytest.mark.parametrize("event", CERTIFICATION.events)
def test_every_edge(state: str, event: str) -> None:
    legal = {
        ("none", "send"): "pending",
        ("rejected", "send"): "pending",
        ("pending", "approve"): "approved",
        ("pending", "reject"): "rejected",
    }
    if (state, event) in legal:
        assert CERTIFICATION.next(state, event) == legal[state, event]
    else:
        with pytest.raises(AppError, match="illegal_transition"):
            CERTIFICATION.next(state, event)


def test_old_decisions_carry_their_time() -> None:
    leader, app = make_leader()
    row = int(send(app, [paper(leader)]).json()["certification"]["id"])
    decided = actions.decide(row, True, "", 7)
    assert decided.decided_at is not None and now() - decided.decided_at < timedelta(minutes=1)
