"""Routes of passes: a buyer lets a friend fetch an order."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.gate import passing
from yantuan.gate.schemas import PassIn, PassMade, PassOut
from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel import ratelimit
from yantuan.kernel.http import IdIn

router = Router(tags=["gate"], auth=signed_in)
PASSES_PER_HOUR = 30


@router.post("/pickup-passes", response=PassMade)
def make_pickup_pass(request: HttpRequest, body: PassIn) -> PassMade:
    """A pass for a friend; its code is told this once."""
    person = person_of(request)
    ratelimit.hit(f"pickup-pass/{person.id}", limit=PASSES_PER_HOUR, seconds=3600)
    return passing.made_out(*passing.make(person, body))


@router.get("/pickup-passes", response=list[PassOut])
def list_pickup_passes(request: HttpRequest) -> list[PassOut]:
    return passing.live_passes(person_of(request))


@router.delete("/pickup-passes/{pass_id}", response=PassOut)
def revoke_pickup_pass(request: HttpRequest, pass_id: IdIn) -> PassOut:
    return passing.pass_out(passing.revoke(person_of(request), pass_id))
