"""The web authorisation page of WeChat: choose a test user, agree or deny."""

from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yantuan.simulator import tokens
from yantuan.simulator.views import page, with_query
from yantuan.simulator.world import World

SCOPES = ("snsapi_base", "snsapi_userinfo")


def _fault_of(world: World, values: dict[str, str]) -> str | None:
    """Why the request is refused, as WeChat's own error page says it; None when it is fine."""
    if values.get("appid") != world.credentials.oa_appid:
        return "appid 参数错误"
    if values.get("response_type") != "code":
        return "response_type 参数错误"
    if values.get("scope") not in SCOPES:
        return "scope 参数错误或没有 scope 权限"
    state = values.get("state", "")
    if len(state) > 128 or (state and not state.isascii()):
        return "state 参数错误"
    if not world.may_return_to(values.get("redirect_uri", "")):
        return "redirect_uri 域名与后台配置不一致，错误码:10003"
    return None


async def _authorize(request: Request) -> Response:
    world: World = request.app.state.world
    values = dict(request.query_params)
    fault = _fault_of(world, values)
    if fault is not None:
        return page("sorry.html", 400, title="无法授权", text=fault, back=None)
    return page(
        "oauth.html",
        values=values,
        people=world.people(),
        chosen=unquote(request.cookies.get("sim_person", "")) or world.settings.payer,
        host=urlsplit(values["redirect_uri"]).netloc,
    )


async def _decide(request: Request) -> Response:
    world: World = request.app.state.world
    form = {name: str(value) for name, value in (await request.form()).items()}
    fault = _fault_of(world, form)
    if fault is not None:
        return page("sorry.html", 400, title="无法授权", text=fault, back=None)
    state = form.get("state", "")
    if form.get("decision") != "agree":
        return RedirectResponse(with_query(form["redirect_uri"], state=state), 303)
    person = form.get("new_person", "").strip()[:20] or form.get("person") or world.settings.payer
    code = tokens.mint_code(
        world, "oauth", form["appid"], person, scope=form["scope"], snapshot=form.get("snapshot") == "1"
    )
    response = RedirectResponse(with_query(form["redirect_uri"], code=code, state=state), 303)
    response.set_cookie("sim_person", quote(person), httponly=True, samesite="lax")
    return response


def routes() -> list[Route]:
    return [
        Route("/connect/oauth2/authorize", _authorize, methods=["GET"]),
        Route("/connect/oauth2/authorize", _decide, methods=["POST"]),
    ]
