"""Who is asking: the session cookie of the H5 app or the bearer token of the mini-program."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from ninja.security.base import AuthBase

from yantuan.identity import sessions
from yantuan.identity.models import Person, Session
from yantuan.kernel.config import config
from yantuan.kernel.errors import Forbidden, SignInNeeded

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT_HEADER = "X-Yantuan-Client"


class CsrfRefused(Forbidden):
    """A write with the cookie came from another site, or without the app's own header."""

    def __init__(self) -> None:
        super().__init__("csrf_refused", "请在本站页面内操作", "Writes must come from this site's own pages.")


def same_site(headers: Mapping[str, str]) -> bool:
    """Whether Origin and Sec-Fetch-Site, when sent, name this site. `headers` must look names up case-insensitively."""
    if headers.get("Sec-Fetch-Site", "") == "cross-site":
        return False
    origin = headers.get("Origin", "")
    if not origin:
        return True
    peer = urlsplit(origin).netloc.lower()
    ours = {headers.get("Host", "").lower(), urlsplit(config().public_url).netloc.lower()}
    return bool(peer) and peer in ours


def bearer_token(headers: Mapping[str, str]) -> str:
    """The token of `Authorization: Bearer …`, or empty."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def pick_token(method: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """The token a request carries, or empty. Shared with the hot lane, so plain mappings only.

    Raises CsrfRefused for an unsafe method with the cookie from elsewhere; a bearer token needs no such guard,
    because no browser adds it by itself.
    """
    token = bearer_token(headers)
    if token:
        return token
    cookie = cookies.get(sessions.COOKIE, "")
    if cookie and method.upper() not in SAFE_METHODS:
        ours = headers.get(CLIENT_HEADER, "").lower() == "h5"
        if not ours or not same_site(headers):
            raise CsrfRefused()
    return cookie


def session_of(request: HttpRequest) -> Session | None:
    """The live session behind a request, or None."""
    token = pick_token(request.method or "GET", request.headers, request.COOKIES)
    session = sessions.find(token) if token else None
    if session is not None:
        sessions.touch(session)
    return session


def person_or_none(request: HttpRequest) -> Person | None:
    """Who looks at a public page, if signed in. Never refuses: a forged write counts as nobody's."""
    try:
        session = session_of(request)
    except CsrfRefused:
        return None
    return session.person if session else None


def require_same_site(request: HttpRequest) -> None:
    """Guard for sign-in itself, so that nobody can be signed in to a stranger's account from another site."""
    if not same_site(request.headers):
        raise CsrfRefused()


def set_cookie(response: HttpResponse, token: str) -> None:
    """Hand the token to the browser; scripts cannot read it."""
    response.set_cookie(
        sessions.COOKIE,
        token,
        max_age=int(sessions.LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=config().public_url.startswith("https://"),
    )


def drop_cookie(response: HttpResponse) -> None:
    response.delete_cookie(sessions.COOKIE, samesite="Lax")


class SessionAuth(AuthBase):
    """django-ninja's hook: answers the Person (as `request.auth`) or raises SignInNeeded."""

    openapi_type: str = "http"
    openapi_scheme: str = "bearer"

    def __call__(self, request: HttpRequest) -> Person:
        session = session_of(request)
        if session is None:
            raise SignInNeeded()
        # Weighty acts ask when this session last proved itself.
        vars(request)["signed_session"] = session
        return session.person


def person_of(request: HttpRequest) -> Person:
    """Who `signed_in` let through. Raises SignInNeeded if a route forgot to ask."""
    person = vars(request).get("auth")
    if not isinstance(person, Person):
        raise SignInNeeded()
    return person


signed_in = SessionAuth()
