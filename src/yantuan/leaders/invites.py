"""Invite codes: made and revoked by operators, used up in one guarded statement."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from yantuan.identity.models import Person
from yantuan.identity.phones import hash_phone
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.kernel.ids import invite_code_text, normalise_code
from yantuan.kernel.tokens import keyed_hash, seal
from yantuan.leaders.access import leader_of
from yantuan.leaders.models import InviteCode, Leader
from yantuan.leaders.rules import JOIN_LIMITS, MAX_USES
from yantuan.leaders.schemas import JoinIn


class InviteCodeInvalid(Invalid):
    """Unknown, used up, expired, revoked or meant for another phone: strangers learn nothing more."""

    def __init__(self) -> None:
        super().__init__(
            "invite_code_invalid",
            "邀请码无效，请核对或向平台要一个新的",
            "The invite code is not valid.",
            field="code",
        )


def invite_hash(code: str) -> str:
    """What a typed code is looked up by: case, blanks, dashes, full-width and look-alike characters don't matter."""
    return keyed_hash("invite", normalise_code(code))


def create_invite_code(
    operator_id: int | None, uses: int, expires_at: datetime, note: str = "", phone: str = ""
) -> tuple[InviteCode, str]:
    """A new code for `uses` people, and its text. `phone` binds it to one number. Raises Invalid `invite_invalid`."""
    moment = now()
    if not 1 <= uses <= MAX_USES or not moment < expires_at <= moment + timedelta(days=3660):
        raise Invalid(
            "invite_invalid",
            f"可用次数须在 1 到 {MAX_USES} 之间，有效期须在将来",
            f"Uses must be 1 to {MAX_USES}, the end in the future.",
        )
    text = invite_code_text()
    with transaction.atomic():
        code = InviteCode.objects.create(
            code_hash=invite_hash(text),
            code_sealed=seal("invite", text),
            uses_allowed=uses,
            expires_at=expires_at,
            phone_hash=hash_phone(phone) if phone else "",
            phone_last4=phone[-4:],
            note=note[:200],
            created_by=operator_id,
            created_at=moment,
        )
        actor = Actor("operator", operator_id)
        audit.record(actor, "invite.create", "invite_code", code.id, uses=uses, bound=bool(phone))
    return code, text


def revoke_invite_code(code_id: int, operator_id: int | None) -> InviteCode:
    """End a code at once; those who joined by it stay. Again is a no-op. Raises NotFound."""
    with transaction.atomic():
        code = InviteCode.objects.select_for_update().filter(id=code_id).first()
        if code is None:
            raise NotFound()
        if code.revoked_at is None:
            code.revoked_at = now()
            code.save(update_fields=["revoked_at"])
            audit.record(Actor("operator", operator_id), "invite.revoke", "invite_code", code.id)
        return code


def _throttle(person: Person, address: str) -> None:
    for limit, seconds in JOIN_LIMITS:
        ratelimit.hit(f"join-person:{person.id}", limit=limit, seconds=seconds)
        ratelimit.hit(f"join-address:{address}", limit=limit, seconds=seconds)


def _take_use(code_text: str, person: Person) -> InviteCode:
    """Take one use if every condition still holds, in one statement: two takers of the last use can't both win."""
    digest = invite_hash(code_text)
    fitting = InviteCode.objects.filter(
        Q(phone_hash="") | Q(phone_hash=person.phone_hash or "-"),
        code_hash=digest,
        revoked_at=None,
        expires_at__gt=now(),
        uses_taken__lt=F("uses_allowed"),
    )
    if not fitting.update(uses_taken=F("uses_taken") + 1):
        raise InviteCodeInvalid()
    return InviteCode.objects.get(code_hash=digest)


def join(person: Person, body: JoinIn, address: str) -> Leader:
    """Make the person a leader by an invite code; who is one already stays so and the code is not used.

    Raises Invalid `terms_not_agreed`, Conflict `phone_needed`, TooMany, InviteCodeInvalid.
    """
    already = leader_of(person)
    if already is not None:
        return already
    if not body.agreed:
        raise Invalid(
            "terms_not_agreed", "请先阅读并同意团长协议", "Please agree to the terms first.", field="agreed"
        )
    if person.phone_hash is None:
        raise Conflict("phone_needed", "请先绑定手机号", "Bind a phone first.")
    _throttle(person, address)
    try:
        with transaction.atomic():
            code = _take_use(body.code, person)
            leader = Leader.objects.create(
                person=person, invite_code=code, display_name=body.display_name, created_at=now()
            )
            audit.record(Actor("leader", person.id), "leader.join", "leader", leader.id, invite=str(code.id))
            return leader
    except IntegrityError:
        # A second tap got here first; its use of the code stands, ours was rolled back.
        twin = leader_of(person)
        if twin is None:
            raise
        return twin
