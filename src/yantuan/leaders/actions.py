"""Certification and suspension."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.errors import Conflict, Forbidden, NotFound
from yantuan.kernel.tokens import keyed_hash, seal
from yantuan.leaders.access import require_leader
from yantuan.leaders.invites import create_invite_code, join, revoke_invite_code
from yantuan.leaders.models import Certification, Leader
from yantuan.leaders.rules import CERTIFICATION_LIMIT, checked_number, checked_reason
from yantuan.leaders.schemas import CertificationIn
from yantuan.leaders.states import CERTIFICATION
from yantuan.media.access import hold_media, own_media

__all__ = [
    "create_invite_code",
    "decide",
    "join",
    "restore_leader",
    "revoke_invite_code",
    "send_certification",
    "suspend_leader",
]


class LeaderSuspended(Forbidden):
    def __init__(self) -> None:
        super().__init__("leader_suspended", "你的团长资格已被暂停，请联系平台", "This leader is suspended.")


def _locked(leader_id: int) -> Leader:
    leader = Leader.objects.select_for_update().filter(id=leader_id).first()
    if leader is None:
        raise NotFound()
    return leader


def send_certification(person: Person, body: CertificationIn) -> Leader:
    """Send, or correct and send again, the papers of certification; the leader waits as 审核中.

    Raises Forbidden `not_a_leader` or `leader_suspended`, Invalid `id_number_invalid` or `media_unknown`,
    Conflict `illegal_transition` (already waiting or approved), TooMany.
    """
    leader = require_leader(person)
    limit, seconds = CERTIFICATION_LIMIT
    ratelimit.hit(f"certification:{person.id}", limit=limit, seconds=seconds)
    number = checked_number(body.kind, body.id_number, now().astimezone(CHINA).date())
    papers = own_media(person.id, body.paper_media_ids, {"certification"})
    digest = keyed_hash("id-number", number)
    with transaction.atomic():
        leader = _locked(leader.id)
        _refuse_banned(leader, digest)
        hold_media(m.id for m in papers)
        leader.certification = CERTIFICATION.next(leader.certification, "send")
        leader.save(update_fields=["certification"])
        row = Certification.objects.create(
            leader=leader,
            kind=body.kind,
            legal_name=body.legal_name,
            id_number_sealed=seal("id-number", number),
            id_number_hash=digest,
            id_number_tail=number[-4:],
            contact_name=body.contact_name,
            category=body.category,
            paper_media_ids=[str(m.id) for m in papers],
            created_at=now(),
        )
        audit.record(Actor("leader", person.id), "certification.send", "certification", row.id)
    return leader


def _refuse_banned(leader: Leader, digest: str) -> None:
    same_papers = Leader.objects.filter(certifications__id_number_hash=digest, suspended_at__isnull=False)
    if leader.suspended_at is not None or same_papers.exists():
        raise LeaderSuspended()


def decide(certification_id: int, approve: bool, reason: str, operator_id: int) -> Certification:
    """Approve or reject a waiting application; a rejection needs a reason the leader will read.

    The same decision again is a no-op, the opposite one Conflict `certification_decided`. Raises NotFound,
    Invalid `reason_needed`.
    """
    words = " ".join(reason.split())[:300] if approve else checked_reason(reason)
    event = "approve" if approve else "reject"
    with transaction.atomic():
        row = Certification.objects.filter(id=certification_id).first()
        if row is None:
            raise NotFound()
        leader = _locked(row.leader_id)
        row = Certification.objects.select_for_update().get(id=certification_id)
        wanted = CERTIFICATION.edges["pending"][event]
        if row.state == wanted:
            return row
        if row.state != Certification.State.PENDING:
            raise Conflict(
                "certification_decided",
                f"这份申请已经处理过：{CERTIFICATION.labels[row.state]}",
                "This application has been decided already.",
                state=row.state,
            )
        _apply_decision(leader, row, event, words, operator_id)
        return row


def _apply_decision(leader: Leader, row: Certification, event: str, words: str, operator_id: int) -> None:
    moment = now()
    leader.certification = CERTIFICATION.next(leader.certification, event)
    if event == "approve":
        leader.certified_at = moment
    leader.save(update_fields=["certification", "certified_at"])
    row.state, row.reason = leader.certification, words
    row.decided_by, row.decided_at = operator_id, moment
    row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    actor = Actor("operator", operator_id)
    audit.record(
        actor, f"certification.{event}", "certification", row.id, reason=words, leader=str(leader.id)
    )
    payload: dict[str, Any] = {
        "leader_id": leader.id,
        "certification_id": row.id,
        "approved": event == "approve",
    }
    outbox.emit("certification.decided", payload, key=f"certification:{row.id}:decided")


def suspend_leader(leader_id: int, reason: str, operator_id: int) -> Leader:
    """Stop a leader's selling at once, with a reason they will read. Again only changes nothing.

    Raises NotFound, Invalid `reason_needed`.
    """
    words = checked_reason(reason)
    with transaction.atomic():
        leader = _locked(leader_id)
        if leader.suspended_at is None:
            leader.suspended_at, leader.suspend_reason = now(), words
            leader.save(update_fields=["suspended_at", "suspend_reason"])
            audit.record(Actor("operator", operator_id), "leader.suspend", "leader", leader.id, reason=words)
            _tell("leader.suspended", leader, words)
        return leader


def _tell(topic: str, leader: Leader, reason: str) -> None:
    selling = leader.suspended_at is None
    payload = {"leader_id": leader.id, "selling": selling, "reason": reason, "at": now().isoformat()}
    outbox.emit(topic, payload)


def restore_leader(leader_id: int, reason: str, operator_id: int) -> Leader:
    """Let a suspended leader sell again. Again is a no-op. Raises NotFound, Invalid `reason_needed`."""
    words = checked_reason(reason)
    with transaction.atomic():
        leader = _locked(leader_id)
        if leader.suspended_at is not None:
            leader.suspended_at, leader.suspend_reason = None, ""
            leader.save(update_fields=["suspended_at", "suspend_reason"])
            audit.record(Actor("operator", operator_id), "leader.restore", "leader", leader.id, reason=words)
            _tell("leader.restored", leader, words)
        return leader
