"""One tap in, on a demo instance only: as leader, buyer or operator."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from yantuan.api.schemas import DemoSignedIn, DemoSignIn
from yantuan.demo.people import DEMO_PEOPLE, demo_person
from yantuan.identity import sessions
from yantuan.identity.auth import require_same_site, set_cookie
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound

router = Router(tags=["demo"])


@router.post("/demo/sign-in", response=DemoSignedIn, auth=None)
def demo_sign_in(request: HttpRequest, response: HttpResponse, body: DemoSignIn) -> DemoSignedIn:
    """Sign in as one of the demo people; `not_found` on a real instance."""
    if not config().demo:
        raise NotFound()
    require_same_site(request)
    if body.role == "operator":
        return DemoSignedIn(go="/console/demo/")
    token = sessions.start(demo_person(body.role), body.client, request.headers.get("User-Agent", ""))
    if body.client == "h5":
        set_cookie(response, token)
    return DemoSignedIn(go=DEMO_PEOPLE[body.role].go, token=token if body.client == "mp" else None)
