"""Field rules of WeChat Pay v3 request bodies, as data, and the one function that applies them.

Parameters are judged before business rules, and a field that the documentation does not name is refused: both
are what the real thing does.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yantuan.simulator.addresses import is_loopback, split_plain
from yantuan.simulator.clock import parse_rfc3339
from yantuan.simulator.errors import bad_parameter

UNKNOWN_FIELD = 270924358
OUT_OF_RANGE = 268435464
MAX_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Text:
    """A string; lengths count characters. `kind` adds the rules of a notice address or a time."""

    maximum: int
    minimum: int = 1
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Integer:
    minimum: int = 0
    maximum: int = MAX_INTEGER
    required: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    required: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    members: Mapping[str, "Rule"]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    item: "Rule"
    maximum: int
    required: bool = False


Rule = Text | Integer | Flag | Group | Many

_NUMBER = r"[0-9A-Za-z_\-|*]+"
_REFUND_NUMBER = r"[0-9A-Za-z_\-|*@]+"
_APPID = Text(32, required=True)
_CURRENCY = Text(16, choices=("CNY",))
_NOTIFY_URL = Text(255, required=True, kind="notify_url")

_GOODS = Group(
    {
        "merchant_goods_id": Text(32, required=True),
        "wechatpay_goods_id": Text(32),
        "goods_name": Text(256),
        "quantity": Integer(1, required=True),
        "unit_price": Integer(0, required=True),
    }
)
_STORE = Group(
    {
        "id": Text(32, required=True),
        "name": Text(256),
        "area_code": Text(32),
        "address": Text(512),
    }
)
_SCENE: dict[str, Rule] = {
    "payer_client_ip": Text(45, required=True),
    "device_id": Text(32),
    "store_info": _STORE,
}
_H5_INFO = Group(
    {
        "type": Text(32, choices=("iOS", "Android", "Wap"), required=True),
        "app_name": Text(64),
        "app_url": Text(128),
        "bundle_id": Text(128),
        "package_name": Text(128),
    },
    required=True,
)
_DIRECT: dict[str, Rule] = {"appid": _APPID, "mchid": _APPID}
_PARTNER: dict[str, Rule] = {
    "sp_appid": _APPID,
    "sp_mchid": _APPID,
    "sub_appid": Text(32),
    "sub_mchid": _APPID,
}
_PREPAY: dict[str, Rule] = {
    "description": Text(127, required=True),
    "out_trade_no": Text(32, 6, _NUMBER, required=True),
    "time_expire": Text(64, kind="time"),
    "attach": Text(128, 0),
    "notify_url": _NOTIFY_URL,
    "goods_tag": Text(32),
    "limit_pay": Many(Text(32, choices=("no_balance", "no_credit", "no_debit", "balance_only")), 10),
    "support_fapiao": Flag(),
    "amount": Group({"total": Integer(1, required=True), "currency": _CURRENCY}, required=True),
    "detail": Group(
        {"cost_price": Integer(0), "invoice_id": Text(32), "goods_detail": Many(_GOODS, 6000)},
    ),
    "settle_info": Group({"profit_sharing": Flag()}),
}


def _prepay_rules(parties: dict[str, Rule], payer: Group) -> dict[str, Group]:
    common = {**parties, **_PREPAY}
    return {
        "jsapi": Group({**common, "payer": payer, "scene_info": Group(_SCENE)}),
        "native": Group({**common, "scene_info": Group(_SCENE)}),
        "h5": Group({**common, "scene_info": Group({**_SCENE, "h5_info": _H5_INFO}, required=True)}),
    }


PREPAY_RULES = _prepay_rules(_DIRECT, Group({"openid": Text(128, required=True)}, required=True))
PARTNER_PREPAY_RULES = _prepay_rules(
    _PARTNER, Group({"sp_openid": Text(128), "sub_openid": Text(128)}, required=True)
)
CLOSE_RULES = Group({"mchid": _APPID})
PARTNER_CLOSE_RULES = Group({"sp_mchid": _APPID, "sub_mchid": _APPID})
REFUND_RULES = Group(
    {
        "sub_mchid": Text(32),
        "transaction_id": Text(32),
        "out_trade_no": Text(32, 6, _NUMBER),
        "out_refund_no": Text(64, 1, _REFUND_NUMBER, required=True),
        "reason": Text(80),
        "notify_url": Text(256, kind="notify_url"),
        "funds_account": Text(32, choices=("AVAILABLE", "UNSETTLED")),
        "amount": Group(
            {
                "refund": Integer(1, required=True),
                "total": Integer(1, required=True),
                "currency": Text(16, choices=("CNY",), required=True),
                "from": Many(
                    Group(
                        {
                            "account": Text(32, choices=("AVAILABLE", "UNAVAILABLE"), required=True),
                            "amount": Integer(1, required=True),
                        }
                    ),
                    2,
                ),
            },
            required=True,
        ),
        "goods_detail": Many(
            Group(
                {
                    "merchant_goods_id": Text(32, required=True),
                    "wechatpay_goods_id": Text(32),
                    "goods_name": Text(256),
                    "unit_price": Integer(0, required=True),
                    "refund_amount": Integer(1, required=True),
                    "refund_quantity": Integer(1, required=True),
                }
            ),
            6000,
        ),
    }
)
ABNORMAL_REFUND_RULES = Group(
    {
        "sub_mchid": Text(32),
        "out_refund_no": Text(64, 1, _REFUND_NUMBER, required=True),
        "type": Text(32, choices=("USER_BANK_CARD", "MERCHANT_BANK_CARD"), required=True),
        "bank_type": Text(16),
        "bank_account": Text(1024),
        "real_name": Text(1024),
    }
)


def read_body(raw: bytes, rules: Group) -> dict[str, Any]:
    """Parse a JSON body and apply `rules`; raises PayError PARAM_ERROR for the first fault."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise bad_parameter("", "请求体不是合法的 JSON") from None
    if not isinstance(body, dict):
        raise bad_parameter("", "请求体必须是 JSON 对象")
    _check_group(body, rules, "")
    return body


def _check_group(value: Any, rules: Group, path: str) -> None:
    if not isinstance(value, dict):
        raise bad_parameter(path, "必须是对象", value)
    for name in value:
        if name not in rules.members:
            raise bad_parameter(f"{path}/{name}", "未定义的参数", None, detail_code=UNKNOWN_FIELD)
    for name, rule in rules.members.items():
        here = f"{path}/{name}"
        if value.get(name) is None:
            if rule.required or name in value:
                raise bad_parameter(here, "必填字段缺失" if name not in value else "不能为空", None)
            continue
        _check(value[name], rule, here)


def _check(value: Any, rule: Rule, path: str) -> None:
    match rule:
        case Group():
            _check_group(value, rule, path)
        case Text():
            _check_text(value, rule, path)
        case Integer():
            _check_integer(value, rule, path)
        case Flag():
            if not isinstance(value, bool):
                raise bad_parameter(path, "必须是布尔值", value)
        case Many():
            if not isinstance(value, list) or not 1 <= len(value) <= rule.maximum:
                raise bad_parameter(path, f"必须是 1 到 {rule.maximum} 项的数组")
            for index, item in enumerate(value):
                _check(item, rule.item, f"{path}/{index}")


def _check_text(value: Any, rule: Text, path: str) -> None:
    if not isinstance(value, str):
        raise bad_parameter(path, "必须是字符串", value)
    if not rule.minimum <= len(value) <= rule.maximum:
        raise bad_parameter(path, f"字符串长度必须在 {rule.minimum} 到 {rule.maximum} 之间", value)
    if rule.pattern is not None and re.fullmatch(rule.pattern, value) is None:
        raise bad_parameter(path, "含有不允许的字符", value)
    if rule.choices and value not in rule.choices:
        raise bad_parameter(path, "不在允许的取值中：" + "、".join(rule.choices), value)
    if rule.kind == "notify_url":
        _check_notify_url(value, path)
    if rule.kind == "time":
        try:
            parse_rfc3339(value)
        except ValueError:
            raise bad_parameter(path, "不是 RFC3339 时间", value) from None


def _check_integer(value: Any, rule: Integer, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_parameter(path, "必须是整数", value)
    if value < rule.minimum:
        raise bad_parameter(path, f"值低于最小值 {rule.minimum}", value, detail_code=OUT_OF_RANGE)
    if value > rule.maximum:
        raise bad_parameter(path, f"值高于最大值 {rule.maximum}", value, detail_code=OUT_OF_RANGE)


def _check_notify_url(value: str, path: str) -> None:
    if "?" in value or "#" in value:
        raise bad_parameter(path, "通知地址不能携带参数", value)
    parts = split_plain(value)
    # Plain http is let through on this machine only, where no certificate can be had.
    if parts is None or not (parts.scheme == "https" or is_loopback(parts.hostname)):
        raise bad_parameter(path, "通知地址必须是 https", value)
