"""The ways in: phone with code, mini-program code, WeChat web sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from yantuan.identity import gateway, sessions
from yantuan.identity.codes import check_code, use_code
from yantuan.identity.models import OAuthState, Person
from yantuan.identity.people import Found, Visitor, by_channel, by_phone
from yantuan.identity.rules import STATE_SECONDS, local_path
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import token_hash


@dataclass(frozen=True)
class SignedIn:
    """A fresh session; `token` is the only copy."""

    person: Person
    token: str
    new_person: bool


@dataclass(frozen=True)
class OAuthDone:
    """Back from WeChat: the session, and the local path the person came from."""

    signed: SignedIn
    return_to: str


class StateInvalid(Conflict):
    """The way back does not fit the way out: used, too old, or begun in another browser."""

    def __init__(self) -> None:
        super().__init__(
            "oauth_state_invalid", "登录已过期，请返回后重新进入", "The sign-in expired; please start again."
        )


class SnapshotUser(AppError):
    """WeChat's preview mode shows a virtual person; no account is made of it."""

    def __init__(self) -> None:
        super().__init__(
            "snapshot_user",
            "当前是微信的快照预览，请点右下角「使用完整服务」再登录",
            "This is WeChat's preview; open the full service to sign in.",
            status=403,
        )


def _begin(found: Found, client: str, user_agent: str) -> SignedIn:
    return SignedIn(found.person, sessions.start(found.person, client, user_agent), found.new)


def _agreed(person: Person) -> None:
    if person.agreed_terms_at is None:
        person.agreed_terms_at = now()
        Person.objects.filter(id=person.id).update(agreed_terms_at=person.agreed_terms_at)


def by_phone_code(
    phone: str, code: str, *, client: str, agreed: bool, address: str, user_agent: str
) -> SignedIn:
    """Sign in with an SMS code. Raises Invalid `terms_not_agreed`, CodeInvalid, TooMany or PersonDisabled."""
    if not agreed:
        raise Invalid(
            "terms_not_agreed",
            "请先阅读并同意用户协议和隐私政策",
            "Please agree to the terms first.",
            field="agreed",
        )
    row = check_code(phone, code, address)
    with transaction.atomic():
        use_code(row)
        found = by_phone(phone)
        _agreed(found.person)
        return _begin(found, client, user_agent)


def by_mini_code(js_code: str, user_agent: str) -> SignedIn:
    """Sign in from the mini-program. Raises the gateway's errors or PersonDisabled; the session key is not kept."""
    session = gateway.mini().code2session(js_code)
    visitor = Visitor("mini", config().wechat_mini_appid, session.openid, session.unionid)
    with transaction.atomic():
        return _begin(by_channel(visitor), "mp", user_agent)


def start_oauth(return_to: str) -> tuple[str, str]:
    """Begin a web sign-in: WeChat's address to go to, and the state for the browser's cookie."""
    client = gateway.official()
    state = short_code(40)
    OAuthState.objects.create(
        state_hash=token_hash(state),
        return_to=local_path(return_to),
        expires_at=now() + timedelta(seconds=STATE_SECONDS),
    )
    back = f"{config().public_url.rstrip('/')}/api/auth/wechat/callback"
    # The union id, which joins a person's channels, comes only with this scope.
    return client.authorize_url(back, state, scope="snsapi_userinfo"), state


def _use_state(state: str, cookie_state: str) -> str:
    """Spend a state of this browser; answers where the person came from."""
    if not state or state != cookie_state:
        raise StateInvalid()
    rows = OAuthState.objects.filter(state_hash=token_hash(state), used_at=None, expires_at__gt=now())
    row = rows.first()
    if row is None or not rows.filter(id=row.id).update(used_at=now()):
        raise StateInvalid()
    return row.return_to


def finish_oauth(
    code: str, state: str, *, cookie_state: str, current: Person | None, user_agent: str
) -> OAuthDone:
    """Come back from WeChat. Raises StateInvalid, SnapshotUser, PersonDisabled or the gateway's errors.

    `current` is who is signed in already: an unknown WeChat user is joined to them.
    """
    return_to = _use_state(state, cookie_state)
    if not code:
        raise Conflict("oauth_denied", "你没有同意微信授权", "WeChat sign-in was declined.")
    client = gateway.official()
    who = client.exchange_code(code)
    if who.snapshot:
        raise SnapshotUser()
    nickname, unionid = "", who.unionid
    if "snsapi_userinfo" in who.scope:
        profile = client.userinfo(who.access_token, who.openid)
        nickname, unionid = profile.nickname, profile.unionid or unionid
    visitor = Visitor("oa", config().wechat_oa_appid, who.openid, unionid, nickname)
    with transaction.atomic():
        return OAuthDone(_begin(by_channel(visitor, current), "h5", user_agent), return_to)


def clear_states() -> int:
    """Delete states that ended over a day ago."""
    return OAuthState.objects.filter(expires_at__lt=now() - timedelta(days=1)).delete()[0]
