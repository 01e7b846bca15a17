"""The route that looks over a sale before it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.http import HttpRequest
from ninja import Router, Schema

from yantuan.groupbuys.access import access_group_buy
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.stores.access import person_of

if TYPE_CHECKING:
    from yantuan.groupbuys import complying
else:
    from yantuan.kernel.lean import Later

    # Tables only those who publish need.
    complying = Later("yantuan.groupbuys.complying")

router = Router(tags=["groupbuys"], auth=signed_in)


class FindingOut(Schema):
    """One thing found. `field` is `title`, `block:n`, `question:n`, `offer:n` (from 0) or `product:<id>`."""

    code: str
    severity: Literal["forbidden", "advice"]
    field: str
    place: str
    place_en: str
    excerpt: str
    hit: str
    why: str
    why_en: str
    law: str
    law_en: str
    mend: str
    mend_en: str


class ComplianceOut(Schema):
    forbidden: int
    advice: int
    findings: list[FindingOut]


@router.get("/leader/group-buys/{group_buy_id}/compliance", response=ComplianceOut)
def check_group_buy(request: HttpRequest, group_buy_id: IdIn) -> ComplianceOut:
    """发布前检查 of the sale as it is saved: what the law forbids, and what needs care."""
    found = complying.check(access_group_buy(person_of(request), group_buy_id))
    out = [
        FindingOut(
            code=one.code, severity=one.severity, field=one.field, place=one.place[0], place_en=one.place[1],
            excerpt=one.excerpt, hit=one.hit, why=one.why[0], why_en=one.why[1], law=one.law[0], law_en=one.law[1],
            mend=one.mend[0], mend_en=one.mend[1],
        )
        for one in found
    ]  # fmt: skip
    forbidden = sum(one.severity == "forbidden" for one in out)
    return ComplianceOut(forbidden=forbidden, advice=len(out) - forbidden, findings=out)
