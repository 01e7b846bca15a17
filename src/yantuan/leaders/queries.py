"""Reads about leaders and their certification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from django.db.models import QuerySet

from yantuan.kernel.tokens import unseal
from yantuan.leaders.models import Certification, InviteCode, Leader
from yantuan.leaders.schemas import CertificationOut, LeaderCard, LeaderOut
from yantuan.leaders.states import CERTIFICATION
from yantuan.media.queries import media_map
from yantuan.media.schemas import MediaOut

LeaderState = Literal["none", "pending", "approved", "rejected"]


def leader_card(leader: Leader, pictures: Mapping[int, MediaOut] | None = None) -> LeaderCard:
    """What buyers see of a leader: name, picture, certification mark, since when.

    `pictures` spares the look-up of the avatar when the caller has read it together with others.
    """
    avatar_id = leader.person.avatar_media_id
    if pictures is None:
        pictures = media_map([avatar_id])
    avatar = pictures.get(avatar_id) if avatar_id else None
    certified = leader.certification == Leader.State.APPROVED
    kind = _approved(leader).values_list("kind", flat=True).first() if certified else None
    return LeaderCard(
        display_name=leader.display_name,
        avatar_url=avatar.thumb_url if avatar else "",
        certified=certified,
        certified_kind=Certification.Kind(kind).label if kind else "",
        since=leader.certified_at or leader.created_at,
    )


def _approved(leader: Leader) -> QuerySet[Certification]:
    return leader.certifications.filter(state=Certification.State.APPROVED).order_by("-id")


def certification_out(row: Certification) -> CertificationOut:
    """An application for its sender; the id number stays masked."""
    papers = media_map(int(i) for i in row.paper_media_ids)
    return CertificationOut(
        id=str(row.id),
        kind=row.kind,
        legal_name=row.legal_name,
        id_number_masked=f"**************{row.id_number_tail}",
        contact_name=row.contact_name,
        category=row.category,
        papers=[papers[int(i)] for i in row.paper_media_ids if int(i) in papers],
        state=row.state,
        reason=row.reason,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )


def leader_out(leader: Leader) -> LeaderOut:
    """A leader's own view of how far they are, with the latest application."""
    latest = leader.certifications.order_by("-id").first()
    return LeaderOut(
        id=str(leader.id),
        display_name=leader.display_name,
        state=cast(LeaderState, leader.certification),
        state_label=CERTIFICATION.labels[leader.certification],
        suspended=leader.suspended_at is not None,
        suspend_reason=leader.suspend_reason,
        certification=certification_out(latest) if latest else None,
    )


def format_code(text: str) -> str:
    """A code as people read it: XXXX-XXXX-XXXXX."""
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def invite_code_text(code: InviteCode) -> str:
    """The code for the operator, who may show it again."""
    return format_code(unseal("invite", code.code_sealed))
