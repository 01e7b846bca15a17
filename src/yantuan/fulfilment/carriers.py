"""Couriers of mainland China: the code WeChat and kdniao use, kuaidi100's, the name, and how their numbers look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from yantuan.kernel.errors import Invalid

OTHER: Final = "OTHER"
"""A carrier that isn't in the table, with a name in the leader's words; its parcels can't be tracked by itself."""


@dataclass(frozen=True)
class Carrier:
    """`pattern` is a hint only: carriers change their numbers without notice, so it never refuses one."""

    code: str
    kuaidi100: str
    name: str
    pattern: str = ""
    needs_phone: bool = False
    """Tracking this carrier asks for the recipient's last four digits."""


CARRIERS: Final = (
    Carrier("SF", "shunfeng", "顺丰速运", r"SF\d{13}|\d{12}", needs_phone=True),
    Carrier("ZTO", "zhongtong", "中通快递", r"7\d{11,14}", needs_phone=True),
    Carrier("YTO", "yuantong", "圆通速递", r"YT\d{13}"),
    Carrier("YD", "yunda", "韵达快递", r"[34]\d{12,14}"),
    Carrier("STO", "shentong", "申通快递", r"77\d{11,13}"),
    Carrier("JTSD", "jtexpress", "极兔速递", r"JT\d{13}"),
    Carrier("YZPY", "youzhengguonei", "邮政快递包裹", r"9[89]\d{11}"),
    Carrier("EMS", "ems", "EMS", r"\d{13}|[A-Z]{2}\d{9}CN"),
    Carrier("JD", "jd", "京东快递", r"JD[A-Z0-9]{11,}"),
    Carrier("DBL", "debangkuaidi", "德邦快递", r"DPK\d{12}"),
    Carrier("HTKY", "huitongkuaidi", "百世快递"),
    Carrier("UC", "youshuwuliu", "优速快递"),
    Carrier("ZJS", "zhaijisong", "宅急送"),
    Carrier("HHTT", "tiantian", "天天快递"),
    Carrier("KYSY", "kuayue", "跨越速运"),
    Carrier("ANE", "annengwuliu", "安能物流"),
    Carrier("ZTOKY", "zhongtongkuaiyun", "中通快运"),
)
_BY_CODE: Final = {carrier.code: carrier for carrier in CARRIERS}


def clean_number(text: str) -> str:
    """A tracking number as it is stored and compared: no spaces, upper case."""
    return "".join(text.split()).upper()


def likely(number: str) -> list[Carrier]:
    """Carriers whose numbers look like this one, in the table's order."""
    wanted = clean_number(number)
    return [c for c in CARRIERS if c.pattern and re.fullmatch(c.pattern, wanted)]


def carrier_name(code: str, free_name: str) -> str:
    """The name to keep with a parcel. Raises Invalid `carrier_unknown` or `carrier_name_needed`."""
    if code == OTHER:
        if not free_name:
            raise Invalid(
                "carrier_name_needed", "请填写快递公司名称", "Name the carrier.", field="carrier_name"
            )
        return free_name
    carrier = _BY_CODE.get(code)
    if carrier is None:
        raise Invalid("carrier_unknown", "没有这个快递公司，请重新选择", "No such carrier.", field="carrier")
    return carrier.name
