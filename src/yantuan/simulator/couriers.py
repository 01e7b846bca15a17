"""Parcels on their way: what a carrier tells of a number, in the words of kuaidi100 and of kdniao, and who is pushed to."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from yantuan.simulator.clock import china_time
from yantuan.simulator.database import Row
from yantuan.simulator.delivery import Attempt, Courier
from yantuan.simulator.errors import ControlError
from yantuan.simulator.world import World

Provider = Literal["kuaidi100", "kdniao"]

CARRIERS = {
    "shunfeng": "SF", "zhongtong": "ZTO", "yuantong": "YTO", "yunda": "YD", "shentong": "STO", "jtexpress": "JTSD",
    "youzhengguonei": "YZPY", "ems": "EMS", "jd": "JD", "debangkuaidi": "DBL", "huitongkuaidi": "HTKY",
    "youshuwuliu": "UC", "zhaijisong": "ZJS", "tiantian": "HHTT", "kuayue": "KYSY", "annengwuliu": "ANE",
    "zhongtongkuaiyun": "ZTOKY", "shunfengkuaiyun": "SFKY", "danniao": "DNWL", "fengwang": "FWX",
}  # fmt: skip
"""Codes of kuaidi100 and of kdniao."""
NEED_PHONE = frozenset({"shunfeng", "shunfengkuaiyun", "zhongtong"})
LOCK_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Word:
    """One place on the way: its code with either service, and what a carrier writes."""

    hundred: str
    hundred_name: str
    bird: str
    text: str


WORDS = {
    "created": Word("102", "揽收", "10", "商家已通知快递公司揽件"),
    "picked_up": Word("103", "揽收", "1", "【杭州市】快递员【王大力】已揽收，电话 13912345678"),
    "in_transit": Word("0", "在途", "2", "【杭州市】快件离开【杭州中转部】，发往【上海中转部】"),
    "delivering": Word("5", "派件", "202", "【上海市】派件员：李小快，电话 13812345678，正在为您派送"),
    "at_station": Word("501", "投柜或驿站", "211", "快件已放入丰巢柜，取件码 12-3-4567，客服电话 95338"),
    "exception": Word("2", "疑难", "4", "收件人电话无人接听，改日再派"),
    "returned": Word("6", "退回", "404", "快件退回中，联系电话 0571-88881234"),
    "signed": Word("3", "签收", "3", "快件已签收，签收人：本人签收"),
}

TITLES = {
    "created": "已下单", "picked_up": "揽收", "in_transit": "运输", "delivering": "派送", "at_station": "入柜",
    "exception": "异常", "returned": "退回", "signed": "签收",
}  # fmt: skip
"""What the control page's buttons say."""


def find(world: World, number: str) -> Row | None:
    """A waybill by its number."""
    return world.db.row("SELECT * FROM waybills WHERE number = ?", number)


def steps_of(waybill: Row) -> list[dict[str, Any]]:
    """`[{at, status, text}]`, oldest first; `at` in seconds since 1970."""
    steps: list[dict[str, Any]] = json.loads(waybill["steps"])
    return sorted(steps, key=lambda step: step["at"])


def advance(
    world: World, number: str, com: str, phone_tail: str, steps: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Let a carrier tell more of a number, known or new; raises ControlError for words that do not exist."""
    known = find(world, number)
    told = steps_of(known) if known else []
    last = max((step["at"] for step in told), default=0.0)
    for step in steps:
        word = str(step.get("status", ""))
        if word not in WORDS:
            raise ControlError(
                "status_unknown", "没有这个物流状态", "No such status", 400, {"known": sorted(WORDS)}
            )
        at = float(step["at"]) if "at" in step else max(world.clock.now(), last + 1)
        last = max(last, at)
        told.append({"at": at, "status": word, "text": str(step.get("text") or WORDS[word].text)})
    company = com or (known["com"] if known else "")
    if company not in CARRIERS:
        raise ControlError(
            "carrier_unknown", "没有这个快递公司", "No such carrier", 400, {"known": sorted(CARRIERS)}
        )
    world.db.run(
        "INSERT INTO waybills (number, com, phone_tail, steps) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (number)"
        " DO UPDATE SET com = ?2, steps = ?4, phone_tail = CASE ?3 WHEN '' THEN phone_tail ELSE ?3 END",
        number,
        company,
        phone_tail,
        json.dumps(told, ensure_ascii=False),
    )
    return told


def _china(at: float) -> str:
    return china_time(at).strftime("%Y-%m-%d %H:%M:%S")


def hundred_result(number: str, com: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """As kuaidi100 tells it: newest first, times of China without a zone."""
    newest = WORDS[steps[-1]["status"]] if steps else WORDS["in_transit"]
    data = [
        {
            "context": step["text"],
            "time": _china(step["at"]),
            "ftime": _china(step["at"]),
            "status": WORDS[step["status"]].hundred_name,
            "statusCode": WORDS[step["status"]].hundred,
            "areaCode": None,
            "areaName": None,
        }
        for step in reversed(steps)
    ]
    return {
        "message": "ok", "nu": number, "ischeck": "1" if newest.hundred == "3" else "0", "com": com, "status": "200",
        "state": newest.hundred, "condition": "F00", "data": data,
    }  # fmt: skip


def bird_result(number: str, com: str, steps: list[dict[str, Any]], token: str = "") -> dict[str, Any]:
    """As kdniao tells it: oldest first."""
    newest = WORDS[steps[-1]["status"]].bird if steps else "0"
    traces = [
        {
            "AcceptTime": _china(step["at"]),
            "AcceptStation": step["text"],
            "Location": "",
            "Action": WORDS[step["status"]].bird,
            "Remark": None,
        }
        for step in steps
    ]
    return {
        "OrderCode": token, "ShipperCode": CARRIERS[com], "LogisticCode": number, "Success": True,
        "State": newest[0] if newest != "10" else "0", "StateEx": newest, "Location": "", "Traces": traces, "Reason": None,
    }  # fmt: skip


def md5_upper(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def bird_sign(text: str, key: str) -> str:
    digest = hashlib.md5((text + key).encode(), usedforsecurity=False).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def watch(
    world: World, provider: Provider, number: str, com: str, callback: str, salt: str, token: str
) -> bool:
    """Note a subscription; False when there is one already. An ended one is taken anew."""
    held = world.db.row(
        "SELECT * FROM waybill_watches WHERE provider = ? AND number = ? AND com = ?", provider, number, com
    )
    if held is not None and held["state"] == "polling":
        return False
    world.db.run("DELETE FROM waybill_watches WHERE id = ?", held["id"] if held else 0)
    world.db.insert(
        "waybill_watches",
        provider=provider,
        number=number,
        com=com,
        callback=callback,
        salt=salt,
        token=token,
    )
    return True


def watched(world: World, limit: int = 8) -> list[dict[str, Any]]:
    """The newest watched numbers with their latest step and the one a person would expect next, for the control page."""
    order = list(WORDS)
    found = []
    for row in world.db.rows("SELECT number, com FROM waybill_watches ORDER BY id DESC LIMIT ?", limit):
        waybill = find(world, row["number"])
        steps = steps_of(waybill) if waybill else []
        last = steps[-1] if steps else None
        way = [word for word in order if word not in ("created", "exception", "returned")]
        after = way.index(last["status"]) + 1 if last and last["status"] in way else 0
        found.append(
            {
                "number": row["number"],
                "com": row["com"],
                "latest": last["text"] if last else "",
                "next": way[after] if after < len(way) else "",
            }
        )
    return found


def forms_for(
    world: World, watched: Row, kind: str, steps: list[dict[str, Any]], status: str
) -> list[dict[str, str]]:
    """The forms of one push in the order in which they are sent: `plain`, `duplicate`, `reordered`, `forged` or `unsigned`."""
    stages = [steps[: n + 1] for n in range(len(steps))][::-1] if kind == "reordered" else [steps]
    made = [_form(world, watched, stage, status, forged=kind == "forged") for stage in stages]
    if kind == "unsigned":
        made = [{n: v for n, v in form.items() if n not in ("sign", "DataSign")} for form in made]
    return made * 2 if kind == "duplicate" else made


def _form(
    world: World, watched: Row, steps: list[dict[str, Any]], status: str, *, forged: bool
) -> dict[str, str]:
    if watched["provider"] == "kuaidi100":
        body = {
            "status": status, "billstatus": "got", "message": "", "autoCheck": "0", "comOld": "", "comNew": "",
            "lastResult": hundred_result(watched["number"], watched["com"], steps),
        }  # fmt: skip
        param = json.dumps(body, ensure_ascii=False)
        return {"sign": md5_upper(param + ("" if forged else watched["salt"])), "param": param}
    account = world.credentials.kdniao_business_id
    entry = bird_result(watched["number"], watched["com"], steps, watched["token"])
    data = {"PushTime": _china(world.clock.now()), "EBusinessID": account, "Count": "1", "Data": [entry]}
    text = json.dumps(data, ensure_ascii=False)
    key = "" if forged else world.credentials.kdniao_app_key
    return {"RequestData": text, "RequestType": "101", "DataSign": bird_sign(text, key)}


async def push(
    world: World, courier: Courier, number: str, kind: str = "plain", status: str = ""
) -> list[Attempt]:
    """Push what is known of a number to whoever watches it. `status` is kuaidi100's: polling, shutdown or abort."""
    waybill = find(world, number)
    steps = steps_of(waybill) if waybill else []
    signed = bool(steps) and steps[-1]["status"] == "signed"
    word = status or ("shutdown" if signed else "polling")
    attempts: list[Attempt] = []
    for watched in world.db.rows(
        "SELECT * FROM waybill_watches WHERE number = ? AND state = 'polling'", number
    ):
        for form in forms_for(world, watched, kind, steps, word):
            attempts.append(
                await courier.post(
                    watched["callback"],
                    urlencode(form),
                    {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
                )
            )
        if word in ("shutdown", "abort") and kind not in ("forged", "unsigned"):
            world.db.run(
                "UPDATE waybill_watches SET state = ?, ended_at = ? WHERE id = ?",
                word,
                world.clock.now(),
                watched["id"],
            )
    return attempts
