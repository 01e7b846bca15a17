"""Subscription and template messages: the limits of every value, and the consent that one message uses up."""

import re
from typing import Any

from yantuan.simulator import inbox
from yantuan.simulator.errors import WechatError
from yantuan.simulator.world import World

_KEY = re.compile(r"([a-z_]+?)(\d+)")
_CHINESE = r"[\u4e00-\u9fff]"
LIMITS: dict[str, re.Pattern[str]] = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"[+-]?\d{1,32}(\.\d{1,30})?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e ]{1,32}"),
    "time": re.compile(
        r"((\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}) ?)?\d{1,2}:\d{2}(:\d{2})?(~.{1,24})?"
    ),
    "date": re.compile(
        r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})( \d{1,2}:\d{2}(:\d{2})?)?(~.{1,24})?"
    ),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(\.\d{1,2})?元?"),
    "phone_number": re.compile(r"[\d+\-() ]{1,17}"),
    "car_number": re.compile(rf"({_CHINESE})?[A-Za-z0-9·]{{1,7}}({_CHINESE})?"),
    "name": re.compile(rf"({_CHINESE}[{chr(0x4E00)}-{chr(0x9FFF)}·]{{0,9}}|[A-Za-z .·'-]{{1,20}})"),
    "phrase": re.compile(rf"{_CHINESE}{{1,5}}"),
    "enum": re.compile(r".{1,20}"),
}


def check_data(data: Any) -> None:
    """Check every value of a message; raises WechatError 47003 that names the first bad one."""
    if not isinstance(data, dict) or not data:
        raise WechatError(47003, "argument invalid! data is empty")
    for key, entry in data.items():
        value = entry.get("value") if isinstance(entry, dict) else None
        kind = _KEY.fullmatch(key)
        limit = LIMITS.get(kind.group(1)) if kind else None
        if limit is None or not isinstance(value, str) or not _fits(value, limit):
            raise WechatError(47003, f"argument invalid! data.{key}.value invalid")


def _fits(value: str, limit: re.Pattern[str]) -> bool:
    return re.search(r"[\x00-\x1f\x7f]", value) is None and limit.fullmatch(value) is not None


def add_consent(world: World, openid: str, template_id: str, count: int = 1) -> int:
    """Note that a person accepted `count` more messages of a template; returns the new number."""
    world.db.run(
        "INSERT INTO consents (openid, template_id, count) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (openid, template_id) DO UPDATE SET count = count + ?3",
        openid,
        template_id,
        count,
    )
    return consents(world, openid, template_id)


def consents(world: World, openid: str, template_id: str) -> int:
    return world.db.number(
        "SELECT count FROM consents WHERE openid = ? AND template_id = ?", openid, template_id
    )


NEW_ORDER_FIELDS = ("thing1", "amount2", "time3", "thing4")


def templates_of(world: World) -> dict[str, tuple[str, ...]]:
    """Template id → its fields; () for one set up without (`templates` of the settings: `id` or `id=thing1 amount2`)."""
    named = [one.partition("=") for one in world.settings.templates]
    own = {} if world.settings.new_order_deleted else {world.credentials.template_new_order: NEW_ORDER_FIELDS}
    return own | {name: tuple(fields.split()) for name, _, fields in named}


def _known_template(world: World, template_id: object) -> str:
    if not isinstance(template_id, str) or template_id not in templates_of(world):
        raise WechatError(40037, "invalid template_id")
    return template_id


def _check_fields(world: World, template_id: str, data: Any) -> None:
    """Every field of the template must be there. The first template takes a part of its own, for tests of one value."""
    wanted = templates_of(world)[template_id] if template_id != world.credentials.template_new_order else ()
    for name in wanted:
        if name not in data:
            raise WechatError(47003, f"argument invalid! data.{name}.value is empty")


def send_subscribe(world: World, appid: str, body: dict[str, Any]) -> dict[str, Any]:
    """Deliver a subscription message; raises WechatError 40003, 40037, 41030, 47003 or 43101."""
    person = world.person_of(str(body.get("touser", "")), appid)
    if person is None:
        raise WechatError(40003, "invalid openid")
    template_id = _known_template(world, body.get("template_id"))
    page = body.get("page")
    if page is not None:
        check_page(world, str(page).split("?")[0])
    if body.get("miniprogram_state", "formal") not in ("developer", "trial", "formal"):
        raise WechatError(47001, "data format error, miniprogram_state")
    check_data(body.get("data"))
    _check_fields(world, template_id, body["data"])
    _use_consent(world, body["touser"], template_id)
    return _put(world, "subscribe", person, "订阅消息", body)


def _use_consent(world: World, openid: str, template_id: str) -> None:
    refused = world.faults.take("subscribe_refused") is not None
    with world.db.transaction():
        if refused or consents(world, openid, template_id) == 0:
            raise WechatError(43101, "user refuse to accept the msg")
        world.db.run(
            "UPDATE consents SET count = count - 1 WHERE openid = ? AND template_id = ?", openid, template_id
        )


def send_template(world: World, appid: str, body: dict[str, Any]) -> dict[str, Any]:
    """Deliver an official-account template message; raises WechatError 40003, 40037 or 47003."""
    person = world.person_of(str(body.get("touser", "")), appid)
    if person is None:
        raise WechatError(40003, "invalid openid")
    _known_template(world, body.get("template_id"))
    check_data(body.get("data"))
    return _put(world, "template", person, "公众号模板消息", body)


def _put(world: World, channel: str, person: str, title: str, body: dict[str, Any]) -> dict[str, Any]:
    text = "\n".join(entry["value"] for entry in body["data"].values())
    number = inbox.put(world, channel, person, title, text, details=body)
    return {"errcode": 0, "errmsg": "ok", "msgid": 294402298110000000 + number}


def check_page(world: World, page: str) -> None:
    """Raise WechatError 41030 when a mini-program page cannot be published under this name."""
    if page.startswith("/") or not re.fullmatch(r"[A-Za-z0-9_\-./]+", page):
        raise WechatError(41030, "invalid page")
    if world.settings.pages and page not in world.settings.pages:
        raise WechatError(41030, "invalid page")
