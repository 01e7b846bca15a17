"""Who acts as a leader, and who may sell. Read fresh each time, so that a suspension works at once."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import Forbidden
from yantuan.leaders.models import Leader


def leader_of(person: Person) -> Leader | None:
    """The person's leader row, or None."""
    return Leader.objects.filter(person_id=person.id).first()


def require_leader(person: Person) -> Leader:
    """The person's leader row, certified or not. Raises Forbidden `not_a_leader`."""
    leader = leader_of(person)
    if leader is None:
        raise Forbidden(
            "not_a_leader", "你还不是团长，请先用邀请码开通", "Not a leader yet; join with an invite code."
        )
    return leader


def require_selling(leader: Leader) -> None:
    """Raise Forbidden `leader_suspended` or `not_certified` unless this leader may sell now."""
    fresh = Leader.objects.filter(id=leader.id).first()
    if fresh is None or fresh.suspended_at is not None:
        raise Forbidden("leader_suspended", "你的团长资格已被暂停，请联系平台", "This leader is suspended.")
    if fresh.certification != Leader.State.APPROVED:
        raise Forbidden("not_certified", "通过认证后才能开团", "Selling needs an approved certification.")
