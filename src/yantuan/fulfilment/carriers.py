"""Couriers of mainland China: their codes with everybody we talk to, their names, and how their numbers look.

WeChat has two code sets that differ for some carriers (韵达 is `YD` in one, `YUNDA` in the other). They have types of their own, so
that the one can't be given where the other is wanted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

from yantuan.kernel.errors import Invalid

OpenMsgId = NewType("OpenMsgId", str)
"""`delivery_id` of `/cgi-bin/express/delivery/open_msg/get_delivery_list`: shipping information and waybill queries."""
ExpressId = NewType("ExpressId", str)
"""`delivery_id` of `/cgi-bin/express/business/delivery/getall`: electronic waybills; seven carriers only."""

OTHER: Final = "OTHER"
"""A carrier that isn't in the table, with a name in the leader's words; its parcels can't be tracked by itself."""


@dataclass(frozen=True)
class Carrier:
    """`pattern` is a hint only: carriers change their numbers without notice, so it never refuses one.

    `code` is ours and kdniao's. WeChat's shipping list follows the same convention, but which ids it really has is asked at run
    time; `open_msg` is what to expect there.
    """

    code: str
    kuaidi100: str
    name: str
    pattern: str = ""
    needs_phone: bool = False
    """Tracking this carrier asks for the recipient's last four digits."""
    express: ExpressId | None = None

    @property
    def kdniao(self) -> str:
        return self.code

    @property
    def open_msg(self) -> OpenMsgId:
        return OpenMsgId(self.code)

    def fits(self, number: str) -> bool | None:
        """Whether a number looks like this carrier's; None where nothing is known of how they look."""
        return bool(re.fullmatch(self.pattern, clean_number(number))) if self.pattern else None


CARRIERS: Final = (
    Carrier("SF", "shunfeng", "顺丰速运", r"SF\d{13}|\d{12}", needs_phone=True, express=ExpressId("SF")),
    Carrier("ZTO", "zhongtong", "中通快递", r"7\d{11,14}", needs_phone=True, express=ExpressId("ZTO")),
    Carrier("YTO", "yuantong", "圆通速递", r"YT\d{13}", express=ExpressId("YTO")),
    Carrier("YD", "yunda", "韵达快递", r"[34]\d{12,14}", express=ExpressId("YUNDA")),
    Carrier("STO", "shentong", "申通快递", r"77\d{11,13}"),
    Carrier("JTSD", "jtexpress", "极兔速递", r"JT\d{13}"),
    Carrier("YZPY", "youzhengguonei", "邮政快递包裹", r"9[89]\d{11}"),
    Carrier("EMS", "ems", "EMS", r"\d{13}|[A-Z]{2}\d{9}CN", express=ExpressId("EMS")),
    Carrier("JD", "jd", "京东快递", r"JD[A-Z0-9]{11,}"),
    Carrier("DBL", "debangkuaidi", "德邦快递", r"DPK\d{12}"),
    Carrier("HTKY", "huitongkuaidi", "百世快递", express=ExpressId("BEST")),
    Carrier("UC", "youshuwuliu", "优速快递"),
    Carrier("ZJS", "zhaijisong", "宅急送"),
    Carrier("HHTT", "tiantian", "天天快递"),
    Carrier("KYSY", "kuayue", "跨越速运", r"KY\d{13}"),
    Carrier("ANE", "annengwuliu", "安能物流"),
    Carrier("ZTOKY", "zhongtongkuaiyun", "中通快运"),
    Carrier("SFKY", "shunfengkuaiyun", "顺丰快运", needs_phone=True),
    Carrier("DNWL", "danniao", "菜鸟速递"),
    Carrier("FWX", "fengwang", "丰网速运"),
    Carrier("DBLKY", "debangwuliu", "德邦物流"),
    Carrier("JDKY", "jingdongkuaiyun", "京东快运"),
    Carrier("YDKY", "yundakuaiyun", "韵达快运"),
    Carrier("BTWL", "baishiwuliu", "百世快运"),
    Carrier("YMDD", "yimidida", "壹米滴答"),
    Carrier("SX", "sxjdfreight", "顺心捷达"),
    Carrier("JGSD", "jinguangsudikuaijian", "京广速递"),
    Carrier("XFEX", "xinfengwuliu", "信丰物流"),
    Carrier("PJ", "pjbest", "品骏快递", express=ExpressId("PJ")),
)
_BY_CODE: Final = {carrier.code: carrier for carrier in CARRIERS}
_BY_KUAIDI100: Final = {carrier.kuaidi100: carrier for carrier in CARRIERS}


def carrier_of(code: str) -> Carrier | None:
    """The carrier of one of our codes; None for OTHER and for anything unknown."""
    return _BY_CODE.get(code)


def carrier_of_kuaidi100(code: str) -> Carrier | None:
    """The carrier kuaidi100 calls so."""
    return _BY_KUAIDI100.get(code)


def clean_number(text: str) -> str:
    """A tracking number as it is stored and compared: no spaces, upper case."""
    return "".join(text.split()).upper()


def likely(number: str) -> list[Carrier]:
    """Carriers whose numbers look like this one, in the table's order."""
    return [carrier for carrier in CARRIERS if carrier.fits(number)]


def likelier(code: str, number: str) -> Carrier | None:
    """The carrier this number looks like when it does not look like the one chosen; None when nothing speaks against the choice.

    A hint for the person who typed it (看起来像中通快递的单号), never a reason to refuse.
    """
    chosen = carrier_of(code)
    if chosen is None or chosen.fits(number) is not False:
        return None
    return next(iter(likely(number)), None)


def carrier_name(code: str, free_name: str) -> str:
    """The name to keep with a parcel. Raises Invalid `carrier_unknown` or `carrier_name_needed`."""
    if code == OTHER:
        if not free_name:
            raise Invalid(
                "carrier_name_needed", "请填写快递公司名称", "Name the carrier.", field="carrier_name"
            )
        return free_name
    carrier = carrier_of(code)
    if carrier is None:
        raise Invalid("carrier_unknown", "没有这个快递公司，请重新选择", "No such carrier.", field="carrier")
    return carrier.name
