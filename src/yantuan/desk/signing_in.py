"""A computer is let in by the phone: it shows a code, the signed-in phone agrees, and only that browser gets the session.

The browser keeps a random secret in a cookie; the code people type or scan is derived from it, so the server stores
neither. An agreement is good for this one browser, once, for minutes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from django.db import transaction

from yantuan.desk.models import DeskSignIn
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Forbidden, NotFound
from yantuan.kernel.ids import new_token
from yantuan.kernel.tokens import keyed_hash, token_hash
from yantuan.staff.access import of_person
from yantuan.staff.rights import RIGHTS
from yantuan.stores.models import Store

LIFE: Final = timedelta(minutes=3)
"""How long a code may be agreed to."""
GRACE: Final = timedelta(minutes=2)
"""How long after the agreement the browser may come for its session."""
KEPT: Final = timedelta(days=1)
DIGITS: Final = 8
BEGIN_PER_ADDRESS: Final = 60
TRIES_PER_PERSON: Final = 20
_BROWSERS: Final = (
    (r"MicroMessenger", "微信"), (r"Edg/", "Edge"), (r"Firefox/", "Firefox"), (r"Chrome/", "Chrome"), (r"Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    (r"Windows", "Windows"), (r"Android", "Android"), (r"iPhone|iPad", "iOS"), (r"Mac OS X|Macintosh", "macOS"), (r"Linux", "Linux"),
)  # fmt: skip


class CodeGone(NotFound):
    """No such code, too old, or used: one answer for all."""

    def __init__(self) -> None:
        super().__init__(
            "登录码不对或已过期，请看电脑上最新的一个",
            "The code is wrong or expired; look at the newest one.",
        )


def code_of(secret: str) -> str:
    """The eight digits a browser with this secret shows."""
    return f"{int(keyed_hash('desk-code', secret)[:15], 16) % 10**DIGITS:0{DIGITS}d}"


def device(user_agent: str) -> str:
    """`Chrome · Windows`, as far as the browser says so; empty when it doesn't."""
    found = [
        next((name for pattern, name in table if re.search(pattern, user_agent)), "")
        for table in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(word for word in found if word)


def begin(user_agent: str, address: str) -> str:
    """A new code for the browser behind `address`; answers its secret. Raises TooMany."""
    ratelimit.hit(f"desk-begin:{address}", limit=BEGIN_PER_ADDRESS, seconds=3600)
    secret = new_token()
    moment = now()
    while DeskSignIn.objects.filter(code_hash=token_hash(code_of(secret)), expires_at__gt=moment).exists():
        secret = new_token()
    DeskSignIn.objects.create(
        secret_hash=token_hash(secret), code_hash=token_hash(code_of(secret)), user_agent=user_agent[:200],
        created_at=moment, expires_at=moment + LIFE,
    )  # fmt: skip
    return secret


def state(secret: str) -> str:
    """`waiting`, `confirmed`, or `gone` when there is nothing more to wait for."""
    row = DeskSignIn.objects.filter(secret_hash=token_hash(secret), used_at=None).first() if secret else None
    if row is None:
        return "gone"
    if row.confirmed_at is not None:
        return "confirmed" if now() <= row.confirmed_at + GRACE else "gone"
    return "waiting" if row.expires_at > now() else "gone"


def finish(secret: str, user_agent: str) -> str:
    """The session of who agreed, once; answers its token. Raises Conflict `desk_sign_in_gone`."""
    rows = DeskSignIn.objects.select_related("person").filter(secret_hash=token_hash(secret), used_at=None)
    with transaction.atomic():
        row = (
            rows.filter(confirmed_at__gte=now() - GRACE, person__disabled_at=None).first() if secret else None
        )
        used = row and DeskSignIn.objects.filter(id=row.id, used_at=None).update(used_at=now())
        if row is None or row.person is None or not used:
            raise Conflict(
                "desk_sign_in_gone", "登录码已过期，请重新扫码", "The code has expired; show a new one."
            )
        audit.record(Actor("leader", row.person.id), "desk.sign_in", "person", row.person.id)
        return sessions.start(row.person, "desk", user_agent)


def stores_of(person: Person) -> list[Store]:
    """Stores this person owns, then those they help in."""
    rows = Store.objects.select_related("leader__person").filter(of_person(person, "", RIGHTS))
    return sorted(rows, key=lambda store: (store.leader.person_id != person.id, store.id))


def look(person: Person, code: str) -> DeskSignIn:
    """The browser that shows this code. Raises Forbidden `desk_not_yours`, TooMany or CodeGone; every look counts as a try."""
    if not stores_of(person):
        raise Forbidden(
            "desk_not_yours",
            "电脑工作台给团长和管理员用，你还没有可以管理的卖场",
            "The desk is for leaders and their helpers.",
        )
    ratelimit.hit(f"desk-code:{person.id}", limit=TRIES_PER_PERSON, seconds=600)
    rows = DeskSignIn.objects.filter(code_hash=token_hash(code), expires_at__gt=now(), used_at=None)
    row = rows.order_by("-id").first()
    if row is None or row.person_id not in (None, person.id):
        raise CodeGone()
    return row


def confirm(person: Person, code: str) -> DeskSignIn:
    """Let that browser in as this person. Again: no change. Raises as `look`."""
    row = look(person, code)
    done = DeskSignIn.objects.filter(id=row.id, confirmed_at=None, expires_at__gt=now())
    if not done.update(person=person, confirmed_at=now()) and row.person_id != person.id:
        raise CodeGone()
    return row


def clear() -> int:
    """Delete codes older than a day."""
    return DeskSignIn.objects.filter(expires_at__lt=now() - KEPT).delete()[0]
