"""Access tokens, tickets and one-time codes of the WeChat server APIs."""

import secrets
from dataclasses import dataclass

from starlette.requests import Request

from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
CODE_SECONDS = 300
FORCE_PAUSE_SECONDS = 30
FORCE_PER_DAY = 20


@dataclass(frozen=True, slots=True)
class Token:
    token: str
    appid: str
    openid: str
    scope: str
    expires_in: int


def new_token(world: World, kind: str, appid: str, openid: str = "", scope: str = "") -> Token:
    """Store a fresh token of `kind` (stable, legacy, oauth, ticket) that lives two hours."""
    token = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96)}"
    now = world.clock.now()
    world.db.insert(
        "tokens",
        token=token,
        kind=kind,
        appid=appid,
        openid=openid,
        scope=scope,
        created_at=now,
        expires_at=now + TOKEN_SECONDS,
    )
    return Token(token, appid, openid, scope, TOKEN_SECONDS)


def newest(world: World, kind: str, appid: str, openid: str = "") -> Token | None:
    now = world.clock.now()
    row = world.db.row(
        "SELECT * FROM tokens WHERE kind = ? AND appid = ? AND openid = ? AND expires_at > ?"
        " ORDER BY created_at DESC, rowid DESC LIMIT 1",
        kind, appid, openid, now,
    )  # fmt: skip
    if row is None:
        return None
    return Token(row["token"], appid, openid, row["scope"], int(row["expires_at"] - now))


def stable_token(world: World, appid: str, force: bool) -> Token:
    """The token of `/cgi-bin/stable_token`: the same one while it lives, renewed in its last 5 minutes."""
    known = newest(world, "stable", appid)
    if force:
        _check_force(world, appid)
        world.db.run("DELETE FROM tokens WHERE kind = 'stable' AND appid = ?", appid)
        return new_token(world, "stable", appid)
    if known is None or known.expires_in <= OVERLAP_SECONDS:
        return new_token(world, "stable", appid)
    return known


def _check_force(world: World, appid: str) -> None:
    now = world.clock.now()
    name = f"forced:{appid}"
    times = [moment for moment in world.db.recall(name, []) if moment > now - 86400]
    if len(times) >= FORCE_PER_DAY or (times and now - times[-1] < FORCE_PAUSE_SECONDS):
        raise WechatError(45011, "api minute-quota reach limit, force refresh too often")
    world.db.remember(name, [*times, now])


def legacy_token(world: World, appid: str) -> Token:
    """The token of `/cgi-bin/token`: every call makes a new one, the old ones live 5 minutes more."""
    world.db.run(
        "UPDATE tokens SET expires_at = min(expires_at, ?) WHERE kind = 'legacy' AND appid = ?",
        world.clock.now() + OVERLAP_SECONDS,
        appid,
    )
    return new_token(world, "legacy", appid)


def check_token(world: World, request: Request, path: str) -> Token:
    """The access token of a server call; raises WechatError 41001, 40001, 42001 or an ordered fault."""
    text = request.query_params.get("access_token", "")
    if not text:
        raise WechatError(41001, "access_token missing")
    row = world.db.row("SELECT * FROM tokens WHERE token = ? AND kind IN ('stable', 'legacy')", text)
    if row is None:
        raise WechatError(40001, "invalid credential, access_token is invalid or not latest")
    if world.faults.take("wechat_token_expired", None, path):
        world.db.run("DELETE FROM tokens WHERE token = ?", text)
        raise WechatError(40001, "invalid credential, access_token is invalid or not latest")
    if row["expires_at"] <= world.clock.now():
        raise WechatError(42001, "access_token expired")
    return Token(text, row["appid"], "", "", int(row["expires_at"] - world.clock.now()))


def mint_code(
    world: World,
    kind: str,
    appid: str,
    person: str,
    *,
    scope: str = "",
    snapshot: bool = False,
    phone: str = "",
) -> str:
    """A one-time code: `login` as from wx.login, `phone` as from the phone button, `oauth` from the web page."""
    world.openid_of(appid, person)
    code = f"0{secrets.choice('0123456789abc')}{secrets.token_urlsafe(23)[:30]}"
    world.db.insert(
        "codes",
        code=code,
        kind=kind,
        appid=appid,
        person=person,
        scope=scope,
        snapshot=int(snapshot),
        phone=phone,
        expires_at=world.clock.now() + CODE_SECONDS,
    )
    return code


@dataclass(frozen=True, slots=True)
class Redeemed:
    person: str
    openid: str
    scope: str
    snapshot: bool
    phone: str


def redeem_code(world: World, kind: str, appid: str, code: str) -> Redeemed:
    """Use a code up; raises WechatError 40029 (unknown, too old, another app's) or 40163 (used)."""
    with world.db.transaction():
        row = world.db.row("SELECT * FROM codes WHERE code = ? AND kind = ? AND appid = ?", code, kind, appid)
        if row is None or (row["expires_at"] <= world.clock.now() and not row["used"]):
            raise WechatError(40029, "invalid code")
        if row["used"]:
            raise WechatError(40163, "code been used")
        world.db.run("UPDATE codes SET used = 1 WHERE code = ?", code)
    openid = world.openid_of(appid, row["person"])
    return Redeemed(row["person"], openid, row["scope"], bool(row["snapshot"]), row["phone"])
