"""Content checks: texts are judged at once, pictures are fetched and judged in the background, the verdict is pushed.

What is risky is set through `/_sim/content`: `words` maps a piece of text to `risky:20001` or `review:20002`, `colours`
maps a picture's colour (red, yellow, green, blue, black) to the same; `hold` keeps pictures unjudged. An openid counts as
active for two hours after its `wx.login`.
"""

import asyncio
import io
import json
import re
import secrets
from typing import Any

import httpx
from PIL import Image, UnidentifiedImageError
from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import control, push, tokens, wechat_api
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError, WechatError
from yantuan.simulator.world import World

ACTIVE_SECONDS = 2 * 3600
LONGEST = 2500
LARGEST = 10 * 1024 * 1024
WATCH_SECONDS = 0.3
DOWNLOAD_FAILED = -1008
NORMAL = 100
LABELS = (100, 10001, 20001, 20002, 20003, 20006, 20008, 20012, 20013, 21000)
COLOURS = ("red", "yellow", "green", "blue", "black")
FIRST: dict[str, Any] = {
    "words": {"违禁": "risky:20006", "加微信返利": "risky:10001", "疑似": "review:20012"},
    "colours": {},
    "hold": False,
}


def settings_of(world: World) -> dict[str, Any]:
    found = world.db.row("SELECT value FROM desk_settings WHERE name = 'content'")
    return {**FIRST, **(json.loads(found["value"]) if found else {})}


def _common(world: World, request: Request, body: dict[str, Any]) -> tuple[str, int]:
    """Openid and scene, refused as the platform would."""
    token = tokens.check_token(world, request, request.url.path)
    if token.appid != world.credentials.mini_appid:
        raise WechatError(48001, "api unauthorized")
    if body.get("version") != 2:
        raise WechatError(40129, "invalid version")
    scene = body.get("scene")
    if isinstance(scene, bool) or scene not in (1, 2, 3, 4):
        raise WechatError(40129, "invalid scene")
    openid = body.get("openid")
    if not isinstance(openid, str) or not openid:
        raise WechatError(40003, "invalid openid")
    known = world.db.row("SELECT appid FROM openids WHERE openid = ?", openid)
    if known is None:
        raise WechatError(40003, "invalid openid")
    if known["appid"] != token.appid:
        raise WechatError(43104, "appid openid mismatch")
    seen = world.db.row("SELECT at FROM content_seen WHERE openid = ?", openid)
    if seen is None or world.clock.now() - seen["at"] > ACTIVE_SECONDS:
        raise WechatError(61010, "code is expired: user not active in 2 hours")
    return openid, int(scene)


def _text(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    openid, scene = _common(world, request, body)
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise WechatError(44002, "empty content")
    if len(content) > LONGEST:
        raise WechatError(47001, "data format error, content too long")
    if "signature" in body and scene != 1:
        raise WechatError(40129, "signature needs scene 1")
    whole = " ".join(str(body.get(name, "")) for name in ("title", "nickname", "signature")) + content
    ruled = [(word, rule) for word, rule in settings_of(world)["words"].items() if word in whole]
    # Risky outweighs doubtful: "risky" sorts after "review".
    word, rule = max(ruled, key=lambda one: one[1], default=("", f"pass:{NORMAL}"))
    suggest, label = _verdict(rule)
    trace_id = _trace()
    world.db.insert(
        "content_checks", trace_id=trace_id, kind="text", openid=openid, content=content, scene=scene,
        at=world.clock.now(), suggest=suggest, label=label,
    )  # fmt: skip
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    if word:
        detail = {
            "strategy": "keyword",
            "errcode": 0,
            "suggest": suggest,
            "label": label,
            "keyword": word,
            "level": 90,
        }
    result = {"suggest": suggest, "label": label}
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id, "result": result, "detail": [detail]}


def _picture(world: World, request: Request, body: dict[str, Any]) -> wechat_api.Result:
    openid, scene = _common(world, request, body)
    if body.get("media_type") not in (1, 2):
        raise WechatError(40004, "invalid media type")
    url = body.get("media_url")
    if not isinstance(url, str) or re.match(r"https?://[^/]+/", url) is None:
        raise WechatError(87020, "invalid media url")
    trace_id = _trace()
    world.db.insert(
        "content_checks", trace_id=trace_id, kind="picture", openid=openid, content=url, scene=scene,
        at=world.clock.now(),
    )  # fmt: skip
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}


def _trace() -> str:
    return f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def _verdict(rule: str) -> tuple[str, int]:
    suggest, _, label = rule.partition(":")
    return suggest, int(label)


def colour_of(data: bytes) -> str | None:
    """The colour a picture mostly has; "" for another, None for what is no picture."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            red, green, blue = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    except (UnidentifiedImageError, OSError, ValueError):
        return None
    strong = (red > 180, green > 180, blue > 180)
    if max(red, green, blue) < 50:
        return "black"
    if min(red, green, blue) > 120:
        return ""
    named = {(True, False, False): "red", (True, True, False): "yellow", (False, True, False): "green"}
    return {**named, (False, False, True): "blue"}.get(strong, "")


class Examiner:
    """Fetches the pictures that wait and queues the push about each."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._world = world
        self._client = httpx.AsyncClient(
            timeout=5.0, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def run(self) -> None:
        """Judge what waits, for ever."""
        while True:
            await self.judge_waiting()
            await asyncio.sleep(WATCH_SECONDS)

    async def judge_waiting(self) -> None:
        """Judge every picture not judged yet, unless they are held."""
        if settings_of(self._world)["hold"]:
            return
        rows = self._world.db.rows(
            "SELECT * FROM content_checks WHERE kind = 'picture' AND suggest = '' AND errcode = 0 ORDER BY at LIMIT 50"
        )
        for row in rows:
            tell(self._world, row, *await self._judged(row["content"]))

    async def _judged(self, url: str) -> tuple[str, int, int]:
        """(suggest, label, errcode)."""
        try:
            answer = await self._client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL):
            return "", 0, DOWNLOAD_FAILED
        return judged(self._world, answer.status_code, answer.content)


def judged(world: World, status: int, data: bytes) -> tuple[str, int, int]:
    """(suggest, label, errcode) of a picture that was fetched with this result."""
    colour = colour_of(data) if status == 200 else None
    if colour is None or len(data) > LARGEST:
        return "", 0, DOWNLOAD_FAILED
    return *_verdict(settings_of(world)["colours"].get(colour, f"pass:{NORMAL}")), 0


def tell(world: World, row: Row, suggest: str, label: int, errcode: int = 0) -> int:
    """Settle one picture and queue its push; answers the push's number."""
    detail = [
        {"strategy": "content_model", "errcode": errcode, "suggest": suggest, "label": label, "prob": 90}
    ]
    fields = {
        "appid": world.credentials.mini_appid,
        "trace_id": row["trace_id"],
        "version": 2,
        "detail": [] if errcode else detail,
        "errcode": errcode,
        "errmsg": "download failed" if errcode else "ok",
        "result": {"suggest": suggest, "label": label},
    }
    number = push.queue(world, "wxa_media_check", fields)
    world.db.run(
        "UPDATE content_checks SET suggest = ?, label = ?, errcode = ?, push_id = ? WHERE trace_id = ?",
        suggest, label, errcode, number, row["trace_id"],
    )  # fmt: skip
    return number


async def _control(world: World, request: Request, body: dict[str, Any]) -> Any:
    """GET lists settings and checks; POST changes settings."""
    if request.method == "POST":
        wanted = {**settings_of(world), **body}
        rules = [*dict(wanted["words"]).values(), *dict(wanted["colours"]).values()]
        good = set(wanted) == set(FIRST) and isinstance(wanted["hold"], bool)
        good = good and set(wanted["colours"]) <= set(COLOURS)
        if not good or not all(_is_rule(one) for one in rules):
            raise ControlError(
                "content_invalid", "内容检测的设置不对", "The settings of content checks are not valid"
            )
        world.db.run("INSERT OR REPLACE INTO desk_settings VALUES ('content', ?)", json.dumps(wanted))
    rows = world.db.rows("SELECT * FROM content_checks ORDER BY rowid DESC LIMIT 200")
    return {**settings_of(world), "checks": [dict(row) for row in rows]}


def _is_rule(rule: Any) -> bool:
    found = re.fullmatch(r"(pass|review|risky):([0-9]{3,5})", rule) if isinstance(rule, str) else None
    return found is not None and int(found[2]) in LABELS


async def _judge(world: World, request: Request, body: dict[str, Any]) -> Any:
    """Settle one picture by hand: `{trace_id, suggest?, label?, errcode?}`; answers the push's number."""
    row = world.db.row("SELECT * FROM content_checks WHERE trace_id = ?", str(body.get("trace_id", "")))
    if row is None:
        raise ControlError("check_unknown", "没有这次检测", "There is no such check", 404)
    errcode = int(body.get("errcode", 0))
    suggest = "" if errcode else str(body.get("suggest", "pass"))
    return {"push": tell(world, row, suggest, int(body.get("label", NORMAL)), errcode)}


async def _seen(world: World, request: Request, body: dict[str, Any]) -> Any:
    """`{openid, seconds_ago?}`: this person used the mini-program then."""
    seen_at = world.clock.now() - float(body.get("seconds_ago", 0))
    world.db.run("INSERT OR REPLACE INTO content_seen VALUES (?, ?)", str(body.get("openid", "")), seen_at)
    return {"ok": True}


def routes() -> list[Route]:
    return [
        Route("/wxa/msg_sec_check", wechat_api.endpoint(_text), methods=["POST"]),
        Route("/wxa/media_check_async", wechat_api.endpoint(_picture), methods=["POST"]),
        Route("/_sim/content", control.endpoint(_control), methods=["GET", "POST"]),
        Route("/_sim/content/judge", control.endpoint(_judge), methods=["POST"]),
        Route("/_sim/content/seen", control.endpoint(_seen), methods=["POST"]),
    ]
