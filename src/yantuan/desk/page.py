"""What stands around each page of the desk: who is signed in, the right it needs, its language, and how a refusal looks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from yantuan.desk.signing_in import stores_of
from yantuan.identity import sessions
from yantuan.identity.auth import CsrfRefused, same_site
from yantuan.identity.models import Person, Session
from yantuan.identity.rules import local_path
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, SignInNeeded
from yantuan.staff.access import guarded, helping, rights_of
from yantuan.staff.rights import RIGHTS, Right, opens
from yantuan.stores.models import Store

LANGUAGE: Final = config().cookie_name("yt_desk_lang")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PIECE: Final = "X-Desk-Piece"
"""A request header: the script wants a part of a page, and refusals as JSON."""
STATIC: Final = Path(__file__).parent / "static" / "desk"
View = Callable[..., HttpResponseBase]


@dataclass
class Visit:
    """Who looks at a page, and in which language."""

    person: Person
    english: bool
    rights: dict[int, tuple[Right, ...]] = field(default_factory=dict)

    def may(self, store: Store, operation: str) -> bool:
        """Whether this person may do the operation in that store: for what a page offers, never in place of the check itself."""
        return store.leader.person_id == self.person.id or bool(
            set(self.rights_in(store)) & set(opens(operation))
        )

    def rights_in(self, store: Store) -> tuple[Right, ...]:
        """The rights there; all for its leader."""
        if store.leader.person_id == self.person.id:
            return RIGHTS
        if store.id not in self.rights:
            members = {row.store_id: row for row in helping(self.person, RIGHTS)}
            self.rights[store.id] = tuple(rights_of(members, store.id))
        return self.rights[store.id]


def english(request: HttpRequest, person: Person | None = None) -> bool:
    """The language chosen on this computer, else the person's."""
    return (request.COOKIES.get(LANGUAGE) or (person.language if person else "zh")) == "en"


def visit_of(request: HttpRequest) -> Visit:
    """Who the decorator let in."""
    visit = vars(request).get("desk_visit")
    if not isinstance(visit, Visit):
        raise SignInNeeded()
    return visit


def session_of(request: HttpRequest) -> Session | None:
    """The live session of the cookie. Writes from other sites are refused besides by Django's own form token."""
    if request.method == "POST" and not same_site(request.headers):
        raise CsrfRefused()
    session = sessions.find(request.COOKIES.get(sessions.COOKIE, ""))
    if session is not None:
        sessions.touch(session)
        vars(request)["signed_session"] = session
    return session


def desk_page(operation: str, *methods: str, writes: bool = False) -> Callable[[View], View]:
    """A page that needs a signed-in person and, by `operation`, the same right as the phone's route of that name.

    `writes`: a helper's request is put on record as that operation. A page that acts on many rows opens with a reading
    operation and runs each row's own operation inside (`yantuan.desk.bulk`).
    """

    def made(view: View) -> View:
        watched = guarded(operation, writes, view)

        @wraps(view)
        def run(request: HttpRequest, **names: Any) -> HttpResponseBase:
            try:
                session = session_of(request)
                if session is None:
                    return _to_sign_in(request)
                vars(request)["desk_visit"] = Visit(session.person, english(request, session.person))
                answer = watched(request, **names)
            except AppError as error:
                answer = refusal(request, error)
            return dressed(answer)

        return require_http_methods(list(methods or ("GET",)))(run)

    return made


def open_page(*methods: str) -> Callable[[View], View]:
    """A page for everybody: signing in and the language."""

    def made(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, **names: Any) -> HttpResponseBase:
            try:
                if request.method == "POST" and not same_site(request.headers):
                    raise CsrfRefused()
                answer = view(request, **names)
            except AppError as error:
                answer = refusal(request, error)
            return dressed(answer)

        return require_http_methods(list(methods or ("GET",)))(run)

    return made


def dressed(answer: HttpResponseBase) -> HttpResponseBase:
    """What every answer of the desk says to browsers."""
    answer.headers.setdefault("Cache-Control", "private, no-store")
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        answer.headers["Content-Security-Policy"] = POLICY
    return answer


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get(PIECE) or request.method != "GET":
        return refusal(request, SignInNeeded())
    back = urlencode({"next": local_path(request.get_full_path())})
    return HttpResponseRedirect(f"/desk/sign-in?{back}")


def refusal(request: HttpRequest, error: AppError) -> HttpResponse:
    """The refusal as JSON for the script, as a page for a person."""
    if request.headers.get(PIECE):
        answer: HttpResponse = JsonResponse(error.body(), status=error.status)
    else:
        visit = vars(request).get("desk_visit")
        person = visit.person if isinstance(visit, Visit) else None
        en = english(request, person)
        context = {
            "en": en,
            "text": error.en if en else error.zh,
            "code": error.code,
            "person": person,
            "back": _back(request),
            **files(),
        }
        answer = render(request, "desk/refusal.html", context, status=error.status)
    if error.retry_after is not None:
        answer["Retry-After"] = str(error.retry_after)
    return answer


def _back(request: HttpRequest) -> str:
    """The desk's page this request came from, when the browser says so and it is not the refused page itself."""
    came = urlsplit(request.headers.get("Referer", ""))
    path = local_path(f"{came.path}?{came.query}" if came.query else came.path)
    ours = came.netloc.lower() == request.get_host().lower() and path.startswith("/desk/")
    return path if ours and path != request.get_full_path() else "/desk/"


@lru_cache(maxsize=8)
def _stamp(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def files() -> dict[str, str]:
    """Addresses of the sheet and the script; a changed file has another one."""
    return {
        "style": f"{settings.STATIC_URL}desk/desk.css?v={_stamp('desk.css')}",
        "script": f"{settings.STATIC_URL}desk/desk.js?v={_stamp('desk.js')}",
        "steps": f"{settings.STATIC_URL}desk/steps.js?v={_stamp('steps.js')}",
    }


NAV: Final = (
    ("orders", "订单", "Orders", "list_store_orders", "o"),
    ("aftersales", "售后", "After-sales", "list_store_aftersales", "a"),
    ("sales", "团购", "Sales", "list_group_buys", "s"),
    ("shipping", "批量发货", "Shipping", "list_ship_imports", "i"),
    ("exports", "导出", "Exports", "list_exports", "e"),
)
"""Page, its names, the operation that opens it, and its key after `g`."""


def show(request: HttpRequest, template: str, store: Store, here: str, **more: Any) -> HttpResponse:
    """A whole page in its frame."""
    visit = visit_of(request)
    nav = [
        {"key": key, "text": en if visit.english else zh, "url": f"/desk/{store.id}/{key}", "here": key == here, "press": press}
        for key, zh, en, operation, press in NAV
        if visit.may(store, operation)
    ]  # fmt: skip
    context = {
        "en": visit.english, "store": store, "stores": stores_of(visit.person), "person": visit.person, "nav": nav, "here": here,
        "rights": visit.rights_in(store), **files(), **more,
    }  # fmt: skip
    return render(request, template, context)


def piece(request: HttpRequest, template: str, **more: Any) -> HttpResponse:
    """A part of a page, for the script."""
    return render(request, template, {"en": visit_of(request).english, **more})
