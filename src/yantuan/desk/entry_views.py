"""Coming in and going out: the code for the phone, the session, the language."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from yantuan.desk import signing_in
from yantuan.desk.page import LANGUAGE, NAV, desk_page, english, files, open_page, session_of, visit_of
from yantuan.identity import sessions
from yantuan.identity.auth import drop_cookie, set_cookie
from yantuan.identity.limits import address_of
from yantuan.identity.rules import local_path
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.lean import Later

segno: Any = Later("segno")
COOKIE: Final = config().cookie_name("yt_desk_in", whole_site=False)
PATH: Final = "/desk/"
_YEAR: Final = 365 * 86_400


def _secret(request: HttpRequest) -> str:
    return request.COOKIES.get(COOKIE, "")[:128]


def _next(request: HttpRequest) -> str:
    """Where to go after signing in: only a page of the desk."""
    target = local_path(str(request.POST.get("next") or request.GET.get("next") or PATH))
    return target if target.startswith(PATH) else PATH


def _picture(code: str) -> SafeString:
    target = f"{config().public_url.rstrip('/')}/leader/desk-in/index?code={code}"
    drawn: str = segno.make(target, error="m").svg_inline(
        scale=5, border=3, dark="#1F2329", light="#fff", omitsize=True
    )
    # Drawn here from digits and our own address; nothing of it was typed by anybody.
    return mark_safe(drawn)


@open_page("GET", "POST")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The code to scan; POST makes one for this browser."""
    if request.method == "POST":
        secret = signing_in.begin(request.headers.get("User-Agent", ""), address_of(request))
        answer = HttpResponseRedirect(f"/desk/sign-in?{urlencode({'next': _next(request)})}")
        answer.set_cookie(
            COOKIE, secret, max_age=int((signing_in.LIFE + signing_in.GRACE).total_seconds()), path=PATH, httponly=True,
            samesite="Lax", secure=config().https,
        )  # fmt: skip
        return answer
    if session_of(request) is not None:
        return HttpResponseRedirect(_next(request))
    secret = _secret(request)
    code = signing_in.code_of(secret) if signing_in.state(secret) != "gone" else ""
    context = {
        "en": english(request), "code": f"{code[:4]} {code[4:]}" if code else "", "picture": _picture(code) if code else "",
        "next": _next(request), "seconds": int(signing_in.LIFE.total_seconds()), **files(),
    }  # fmt: skip
    return render(request, "desk/sign_in.html", context)


@open_page("GET")
def wait(request: HttpRequest) -> JsonResponse:
    """Asked again and again by the page that shows a code."""
    return JsonResponse({"state": signing_in.state(_secret(request))})


@open_page("POST")
def finish(request: HttpRequest) -> HttpResponse:
    """The phone agreed: this browser gets its session."""
    token = signing_in.finish(_secret(request), request.headers.get("User-Agent", ""))
    answer = HttpResponseRedirect(_next(request))
    set_cookie(answer, token)
    answer.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return answer


@open_page("POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server and drop the cookie."""
    sessions.revoke(request.COOKIES.get(sessions.COOKIE, "")[:128])
    answer = HttpResponseRedirect("/desk/sign-in")
    drop_cookie(answer)
    return answer


@open_page("POST")
def language(request: HttpRequest) -> HttpResponse:
    """Chinese or English on this computer."""
    wanted = request.POST.get("language", "")
    if wanted not in ("zh", "en"):
        raise Invalid("language_unknown", "没有这种语言", "No such language.", field="language")
    answer = HttpResponseRedirect(_next(request))
    answer.set_cookie(LANGUAGE, wanted, max_age=_YEAR, httponly=True, samesite="Lax", secure=config().https)
    return answer


@desk_page("read_store")
def home(request: HttpRequest) -> HttpResponse:
    """The first page this person may see, of the first store."""
    visit = visit_of(request)
    for store in signing_in.stores_of(visit.person):
        for key, _, _, operation, _ in NAV:
            if visit.may(store, operation):
                return HttpResponseRedirect(f"/desk/{store.id}/{key}")
    return render(request, "desk/nothing.html", {"en": visit.english, "person": visit.person, **files()})
