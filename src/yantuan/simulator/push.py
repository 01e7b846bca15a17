"""Message push: what WeChat sends to the address the merchant typed into its console, and how often it tries.

Configured and watched through `/_sim/push`. Until told otherwise, pushes go to `/notify/wechat/push` of the product,
in secure mode and JSON.
"""

import asyncio
import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator.clock import rfc3339
from yantuan.simulator.control import endpoint
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.world import World

ORIGINAL_ID = "gh_5f3a1c0d9e7b"
PLATFORM_OPENID = "oPlatform-of-the-simulator01"
TRIES = 3
RETRY_SECONDS = (5.0, 5.0)
ANSWER_SECONDS = 5.0
IDLE_SECONDS = 0.25
FLAWS = ("bad_signature", "foreign_appid", "old_timestamp", "duplicate", "bad_ciphertext", "plain")
MODES = ("plain", "compat", "secure")
FORMATS = ("json", "xml")


@dataclass(frozen=True, slots=True)
class PushConfig:
    """What the merchant set in the console. `hold`: pushes wait until they are delivered by hand."""

    url: str = ""
    mode: str = "secure"
    format: str = "json"
    hold: bool = False


def config_of(world: World) -> PushConfig:
    found = world.db.row("SELECT value FROM desk_settings WHERE name = 'push'")
    kept = PushConfig(**json.loads(found["value"])) if found else PushConfig()
    if kept.url or not world.product_url:
        return kept
    return replace(kept, url=f"{world.product_url}/notify/wechat/push")


def queue(world: World, event: str, fields: dict[str, Any], *, sender: str = PLATFORM_OPENID) -> int:
    """Write one event to be pushed; answers its number."""
    message = {
        "ToUserName": ORIGINAL_ID,
        "FromUserName": sender,
        "CreateTime": int(world.clock.now()),
        "MsgType": "event",
        "Event": event,
        **fields,
    }
    return world.db.insert(
        "pushes",
        at=world.clock.now(),
        event=event,
        message=json.dumps(message, ensure_ascii=False),
        state="waiting",
        next_at=world.clock.now(),
    )


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def seal(world: World, text: str, appid: str, *, spoiled: bool = False) -> str:
    key = base64.b64decode(world.credentials.push_aes_key + "=")
    raw = text.encode()
    full = secrets.token_hex(8).encode() + len(raw).to_bytes(4, "big") + raw + appid.encode()
    pad = 32 - len(full) % 32
    used = key[::-1] if spoiled else key
    sealer = Cipher(algorithms.AES(used), modes.CBC(used[:16])).encryptor()
    return base64.b64encode(sealer.update(full + bytes([pad]) * pad) + sealer.finalize()).decode()


def to_xml(value: dict[str, Any]) -> str:
    return f"<xml>{_members(value)}</xml>"


def _members(value: dict[str, Any]) -> str:
    texts = []
    for name, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, dict):
                inner = _members(one)
            elif isinstance(one, str):
                inner = f"<![CDATA[{one}]]>" if "]]>" not in one else escape(one)
            else:
                inner = str(one)
            texts.append(f"<{name}>{inner}</{name}>")
    return "".join(texts)


def rendered(world: World, message: dict[str, Any], flaws: tuple[str, ...] = ()) -> dict[str, Any]:
    """`{url, body, content_type}` as it would be posted now, with the flaws named."""
    config, given = config_of(world), world.credentials
    xml = config.format == "xml"
    text = to_xml(message) if xml else json.dumps(message, ensure_ascii=False)
    stamp = str(int(world.clock.now()) - (360 if "old_timestamp" in flaws else 0))
    nonce = str(secrets.randbelow(10**9))
    query = {"timestamp": stamp, "nonce": nonce, "signature": sign(given.push_token, stamp, nonce)}
    query["openid"] = str(message.get("FromUserName", ""))
    if config.mode != "plain" and "plain" not in flaws:
        appid = "wx00000000000000ff" if "foreign_appid" in flaws else given.mini_appid
        sealed = seal(world, text, appid, spoiled="bad_ciphertext" in flaws)
        query |= {"encrypt_type": "aes", "msg_signature": sign(given.push_token, stamp, nonce, sealed)}
        outer = {"ToUserName": ORIGINAL_ID, "Encrypt": sealed}
        if config.mode == "compat":
            outer = {**message, "Encrypt": sealed}
        text = to_xml(outer) if xml else json.dumps(outer, ensure_ascii=False)
    if "bad_signature" in flaws:
        query |= {name: "0" * 40 for name in ("signature", "msg_signature") if name in query}
    kind = "text/xml" if xml else "application/json"
    return {"url": f"{config.url}?{urlencode(query)}", "body": text, "content_type": kind}


class PushCourier:
    """Posts what is due, three tries in all, until the answer is `success` or empty."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._world = world
        self._client = httpx.AsyncClient(
            timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False, transport=transport
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def run(self) -> None:
        """Deliver what is due, for ever."""
        while True:
            await self.deliver_due()
            await asyncio.sleep(IDLE_SECONDS)

    async def deliver_due(self) -> None:
        config = config_of(self._world)
        if config.hold or not config.url:
            return
        due = self._world.db.rows(
            "SELECT * FROM pushes WHERE state = 'waiting' AND next_at <= ? ORDER BY id LIMIT 50",
            self._world.clock.now(),
        )
        for row in due:
            await self.deliver(row)

    async def deliver(self, row: Row, flaws: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Post one now; answers what came back, one entry per copy."""
        message = json.loads(row["message"])
        answers = [await self._post(message, flaws) for _ in range(2 if "duplicate" in flaws else 1)]
        accepted = any(one["status"] == 200 and one["answer"] in ("", "success") for one in answers)
        tries = row["attempts"] + 1
        state = "accepted" if accepted else "waiting" if tries < TRIES else "given_up"
        pause = RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1] / self._world.settings.time_factor
        self._world.db.run(
            "UPDATE pushes SET attempts = ?, state = CASE state WHEN 'accepted' THEN state ELSE ? END, next_at = ?,"
            " answers = ? WHERE id = ?",
            tries,
            state,
            self._world.clock.now() + pause,
            json.dumps([*json.loads(row["answers"]), *answers], ensure_ascii=False),
            row["id"],
        )
        return answers

    async def _post(self, message: dict[str, Any], flaws: tuple[str, ...]) -> dict[str, Any]:
        ready = rendered(self._world, message, flaws)
        try:
            answer = await self._client.post(
                ready["url"], content=ready["body"].encode(), headers={"Content-Type": ready["content_type"]}
            )
        except httpx.HTTPError as error:
            return {"status": None, "answer": type(error).__name__}
        return {"status": answer.status_code, "answer": answer.text[:200]}

    async def check_address(self) -> dict[str, Any]:
        """The GET with which the console checks an address before it is saved."""
        stamp, nonce, echo = str(int(self._world.clock.now())), secrets.token_hex(4), secrets.token_hex(8)
        query = {
            "signature": sign(self._world.credentials.push_token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "echostr": echo,
        }
        try:
            answer = await self._client.get(f"{config_of(self._world).url}?{urlencode(query)}")
        except httpx.HTTPError as error:
            return {"good": False, "status": None, "answer": type(error).__name__}
        return {"good": answer.text == echo, "status": answer.status_code, "answer": answer.text[:200]}


async def _config(world: World, request: Request, body: dict[str, Any]) -> Any:
    if request.method == "POST":
        wanted = {**asdict(config_of(world)), **body}
        good = set(wanted) == {"url", "mode", "format", "hold"} and isinstance(wanted["url"], str)
        if not good or wanted["mode"] not in MODES or wanted["format"] not in FORMATS:
            raise ControlError("push_config_invalid", "推送设置不对", "The push settings are not valid")
        world.db.run("INSERT OR REPLACE INTO desk_settings VALUES ('push', ?)", json.dumps(wanted))
    return asdict(config_of(world))


async def _check(world: World, request: Request, body: dict[str, Any]) -> Any:
    courier: PushCourier = request.app.state.push_courier
    return await courier.check_address()


def _listed(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": rfc3339(row["at"]),
        "event": row["event"],
        "state": row["state"],
        "attempts": row["attempts"],
        "message": json.loads(row["message"]),
        "answers": json.loads(row["answers"]),
    }


async def _pushes(world: World, request: Request, body: dict[str, Any]) -> Any:
    """All pushes, newest first; a POST `{event, fields, sender?}` queues one."""
    if request.method == "POST":
        event, fields = body.get("event"), body.get("fields", {})
        if not isinstance(event, str) or not event or not isinstance(fields, dict):
            raise ControlError("push_invalid", "需要 event 和 fields", "event and fields are needed")
        return {"id": queue(world, event, fields, sender=str(body.get("sender", PLATFORM_OPENID)))}
    return {
        "pushes": [_listed(row) for row in world.db.rows("SELECT * FROM pushes ORDER BY id DESC LIMIT 200")]
    }


def _found(world: World, request: Request, body: dict[str, Any]) -> tuple[Row, tuple[str, ...]]:
    row = world.db.row("SELECT * FROM pushes WHERE id = ?", int(request.path_params["number"]))
    if row is None:
        raise ControlError("push_unknown", "没有这条推送", "There is no such push", 404)
    flaws = tuple(str(one) for one in body.get("flaws", []))
    if not set(flaws) <= set(FLAWS):
        raise ControlError(
            "flaw_unknown", "没有这种毛病", "There is no such flaw", 400, {"flaws": list(FLAWS)}
        )
    return row, flaws


async def _render(world: World, request: Request, body: dict[str, Any]) -> Any:
    row, flaws = _found(world, request, body)
    return rendered(world, json.loads(row["message"]), flaws)


async def _deliver(world: World, request: Request, body: dict[str, Any]) -> Any:
    row, flaws = _found(world, request, body)
    courier: PushCourier = request.app.state.push_courier
    return {"answers": await courier.deliver(row, flaws)}


def routes() -> list[Route]:
    return [
        Route("/_sim/push/config", endpoint(_config), methods=["GET", "POST"]),
        Route("/_sim/push/check", endpoint(_check), methods=["POST"]),
        Route("/_sim/push", endpoint(_pushes), methods=["GET", "POST"]),
        Route("/_sim/push/{number:int}/render", endpoint(_render), methods=["POST"]),
        Route("/_sim/push/{number:int}/deliver", endpoint(_deliver), methods=["POST"]),
    ]
