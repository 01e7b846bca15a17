"""The phone's side of signing a computer in."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router

from yantuan.desk import signing_in
from yantuan.desk.models import DeskSignIn
from yantuan.desk.schemas import DeskSignInOut
from yantuan.identity.auth import person_of, signed_in
from yantuan.identity.models import Person

router = Router(tags=["desk"], auth=signed_in)
Code = Annotated[str, Path(max_length=16)]


@router.get("/desk/sign-ins/{code}", response=DeskSignInOut)
def read_desk_sign_in(request: HttpRequest, code: Code) -> DeskSignInOut:
    """Which computer shows this code, to be looked at before agreeing."""
    person = person_of(request)
    return _out(person, signing_in.look(person, code))


@router.post("/desk/sign-ins/{code}/confirm", response=DeskSignInOut)
def confirm_desk_sign_in(request: HttpRequest, code: Code) -> DeskSignInOut:
    """Let that computer in as the caller. Again: no change."""
    person = person_of(request)
    row = signing_in.confirm(person, code)
    row.refresh_from_db()
    return _out(person, row)


def _out(person: Person, row: DeskSignIn) -> DeskSignInOut:
    return DeskSignInOut(
        device=signing_in.device(row.user_agent), asked_at=row.created_at, expires_at=row.expires_at,
        confirmed=row.confirmed_at is not None, stores=[store.name for store in signing_in.stores_of(person)],
    )  # fmt: skip
