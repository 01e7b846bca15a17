"""HTTP of sign-in, sessions and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Router
from pydantic import Field

from yantuan.identity import actions, binding, codes, queries, sessions, signing_in, stepup
from yantuan.identity.auth import (
    drop_cookie,
    person_of,
    person_or_none,
    pick_token,
    require_same_site,
    session_of,
    set_cookie,
    signed_in,
)
from yantuan.identity.limits import address_of
from yantuan.identity.pages import sign_in_failed
from yantuan.identity.schemas import (
    AddressIn,
    AddressOut,
    AddressReadOut,
    AddressTextIn,
    MiniSignIn,
    PhoneBindIn,
    PhoneSignIn,
    SessionOut,
    SessionRow,
    SmsIn,
    SmsOut,
    StepUpIn,
    WechatPhoneIn,
)
from yantuan.identity.signing_in import SignedIn
from yantuan.kernel import ratelimit
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, SignInNeeded
from yantuan.kernel.http import IdIn, Ok, Text
from yantuan.kernel.lean import Later

if TYPE_CHECKING:
    from yantuan.identity import pasted
    from yantuan.readers.address import divisions
else:
    # A megabyte of words and patterns, for those who paste.
    pasted = Later("yantuan.identity.pasted")
    divisions = Later("yantuan.readers.address.divisions")

router = Router(tags=["identity"])
DivisionName = Annotated[Text, Field(max_length=20)]
STATE_COOKIE = config().cookie_name("yt_oauth", whole_site=False)
_MINI_PER_MINUTE = 120
_OAUTH_PER_MINUTE = 60
_WECHAT_PHONES_PER_DAY = 10


def _agent(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def _session_out(signed: SignedIn, client: str) -> SessionOut:
    return SessionOut(
        token=signed.token if client == "mp" else None,
        person_id=str(signed.person.id),
        new_person=signed.new_person,
        has_phone=signed.person.phone_hash is not None,
    )


@router.post("/auth/sms", response=SmsOut, auth=None, summary="发送短信验证码")
def send_sms_code(request: HttpRequest, body: SmsIn) -> SmsOut:
    """The answer is the same for known and unknown phones."""
    return SmsOut(sent=True, retry_after=codes.ask_code(body.phone, address_of(request)))


@router.post("/auth/phone", response=SessionOut, auth=None, summary="手机号登录")
def sign_in_by_phone(request: HttpRequest, response: HttpResponse, body: PhoneSignIn) -> SessionOut:
    """H5 gets an HttpOnly cookie, the mini-program a bearer token."""
    require_same_site(request)
    signed = signing_in.by_phone_code(
        body.phone,
        body.code,
        client=body.client,
        agreed=body.agreed,
        address=address_of(request),
        user_agent=_agent(request),
    )
    if body.client == "h5":
        set_cookie(response, signed.token)
    return _session_out(signed, body.client)


@router.post("/auth/mini", response=SessionOut, auth=None, summary="小程序登录")
def sign_in_by_mini(request: HttpRequest, body: MiniSignIn) -> SessionOut:
    """Exchange the code of `wx.login` for a bearer token."""
    ratelimit.hit(f"mini:{address_of(request)}", limit=_MINI_PER_MINUTE, seconds=60)
    return _session_out(signing_in.by_mini_code(body.js_code, _agent(request)), "mp")


@router.get("/auth/wechat/start", auth=None, summary="微信网页登录", response={302: None})
def start_wechat_sign_in(request: HttpRequest, return_to: str = "/") -> HttpResponse:
    """Off to WeChat's consent page; `return_to` is a local path."""
    public = config().public_url.rstrip("/")
    if request.get_host().lower() != public.partition("://")[2].lower():
        # The state's cookie must be set on the host WeChat sends the browser back to.
        return HttpResponseRedirect(public + request.get_full_path())
    try:
        ratelimit.hit(f"oauth:{address_of(request)}", limit=_OAUTH_PER_MINUTE, seconds=60)
        target, state = signing_in.start_oauth(return_to)
    except AppError as error:
        return sign_in_failed(error, return_to)
    answer = HttpResponseRedirect(target)
    answer.set_cookie(
        STATE_COOKIE,
        state,
        max_age=600,
        httponly=True,
        samesite="Lax",
        secure=public.startswith("https://"),
        path="/api/auth/wechat/",
    )
    return answer


@router.get("/auth/wechat/callback", auth=None, summary="微信网页登录返回", response={302: None})
def finish_wechat_sign_in(request: HttpRequest, code: str = "", state: str = "") -> HttpResponse:
    """Back from WeChat with a code; a page says so when it did not work."""
    try:
        done = signing_in.finish_oauth(
            code[:512],
            state[:128],
            cookie_state=request.COOKIES.get(STATE_COOKIE, ""),
            current=person_or_none(request),
            user_agent=_agent(request),
        )
    except AppError as error:
        return sign_in_failed(error)
    answer = HttpResponseRedirect(done.return_to)
    answer.delete_cookie(STATE_COOKIE, path="/api/auth/wechat/", samesite="Lax")
    set_cookie(answer, done.signed.token)
    return answer


@router.post("/auth/phone/bind", response=Ok, auth=signed_in, summary="绑定手机号")
def bind_phone(request: HttpRequest, body: PhoneBindIn) -> Ok:
    """Other sessions of the account end; two accounts of one person are joined where that is possible."""
    session = session_of(request)
    if session is None:
        raise SignInNeeded()
    binding.bind_phone(person_of(request), session.id, body.phone, body.code, address_of(request))
    return Ok()


@router.post("/auth/phone/wechat", response=Ok, auth=signed_in, summary="绑定微信手机号")
def bind_wechat_phone(request: HttpRequest, body: WechatPhoneIn) -> Ok:
    """The same with the mini-program's phone button. WeChat charges for each number, so tries are few."""
    session = session_of(request)
    if session is None:
        raise SignInNeeded()
    person = person_of(request)
    ratelimit.hit(f"wechat-phone:{person.id}", limit=_WECHAT_PHONES_PER_DAY, seconds=86_400)
    binding.bind_wechat_phone(person, session.id, body.code)
    return Ok()


@router.post("/me/step-up/code", response=SmsOut, auth=signed_in, summary="发送确认验证码")
def send_step_up_code(request: HttpRequest) -> SmsOut:
    """A code to the account's own phone, before a weighty act."""
    return SmsOut(sent=True, retry_after=stepup.send(person_of(request), address_of(request)))


@router.post("/me/step-up", response=Ok, auth=signed_in, summary="确认本人操作")
def step_up(request: HttpRequest, body: StepUpIn) -> Ok:
    """This session is believed for a quarter of an hour; then repeat what asked for it."""
    session = session_of(request)
    if session is None:
        raise SignInNeeded()
    stepup.confirm(person_of(request), session.id, body.code, address_of(request))
    return Ok()


@router.post("/auth/logout", response=Ok, auth=signed_in, summary="退出登录")
def sign_out(request: HttpRequest, response: HttpResponse) -> Ok:
    """End this session on the server and drop the cookie."""
    sessions.revoke(pick_token(request.method or "POST", request.headers, request.COOKIES))
    drop_cookie(response)
    return Ok()


@router.get("/me/sessions", response=list[SessionRow], auth=signed_in, summary="登录设备")
def list_my_sessions(request: HttpRequest) -> list[SessionRow]:
    session = session_of(request)
    return queries.session_rows(person_of(request), session.id if session else None)


@router.post("/me/sessions/{session_id}/revoke", response=Ok, auth=signed_in, summary="下线设备")
def revoke_my_session(request: HttpRequest, session_id: IdIn) -> Ok:
    sessions.revoke_one(person_of(request), session_id)
    return Ok()


@router.get("/me/addresses", response=list[AddressOut], auth=signed_in, summary="收货地址")
def list_my_addresses(request: HttpRequest) -> list[AddressOut]:
    return queries.addresses_of(person_of(request))


@router.post("/me/addresses", response=AddressOut, auth=signed_in, summary="新增地址")
def add_my_address(request: HttpRequest, body: AddressIn) -> AddressOut:
    return queries.address_out(actions.add_address(person_of(request), body))


@router.post("/me/addresses/read", response=AddressReadOut, auth=signed_in, summary="识别粘贴的地址")
def read_my_address(request: HttpRequest, body: AddressTextIn) -> AddressReadOut:
    """Nothing is kept; the person looks at the parts and saves them."""
    return pasted.read_pasted(person_of(request), body.text)


@router.get("/divisions", response=list[str], summary="省市区")
def list_divisions(
    request: HttpRequest, response: HttpResponse, province: DivisionName = "", city: DivisionName = ""
) -> list[str]:
    """Provinces; with a province its cities; with a city its districts, empty where it has none."""
    response["Cache-Control"] = "public, max-age=86400"
    return divisions.names_below(province, city)


@router.put("/me/addresses/{address_id}", response=AddressOut, auth=signed_in, summary="修改地址")
def change_my_address(request: HttpRequest, address_id: IdIn, body: AddressIn) -> AddressOut:
    return queries.address_out(actions.change_address(person_of(request), address_id, body))


@router.delete("/me/addresses/{address_id}", response=Ok, auth=signed_in, summary="删除地址")
def delete_my_address(request: HttpRequest, address_id: IdIn) -> Ok:
    actions.delete_address(person_of(request), address_id)
    return Ok()
