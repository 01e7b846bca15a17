"""What a clause says beside goods and prices: limits, stock, the last moment, the way of delivery, and what buyers must not see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from yantuan.readers.jielong.numbers import CHINESE, value
from yantuan.readers.jielong.units import COMMON
from yantuan.readers.supplier.dates import CLOCK, WHEN, When, moment_of

_N = rf"(?P<n>\d{{1,7}}|{CHINESE})"
_UNIT = rf"\s?(?:{COMMON}|单|份|枚|斤)?"
PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")
CONTACT = re.compile(r"(?:微信号?|vx|v信|wechat|加v|加我|qq)\s?[:号]?\s?[a-z0-9_-]{5,20}")
_COST = r"(?:供货价|供价|拿货价|代理价|成本价?|结算价|批发价|出厂价|底价|进价)"
COST = re.compile(
    rf"{_COST}\s?[:]?\s?¥?\s?(?P<p>\d{{1,6}}(?:\.\d{{1,2}})?)(?![\d.]|\s?(?:[号款斤枚]|公斤|kg|g))\s?(?:元|块|r)?"
)
INNER = re.compile(rf"{_COST}|佣金|返利|返点|提成|利润|团长价|团长费|团长佣")
LIMIT = re.compile(
    rf"(?:每?(?:人|户|单|家|号|id|位)\s?)?(?:限购|限买|限拍|限量购买|限|最多(?:可?[买拍购])?)\s?[:]?\s?(?:(?:每|一)(?:人|户|单|家|位))?\s?(?<!\d){_N}(?!\d)\s?(?P<u>{COMMON}|单|枚|斤)?"
)
STOCK = re.compile(
    rf"(?:库存|现货|限量|最后|仅有|仅剩|只有|只剩|还剩|剩余|总共|一共|备货|数量|共|仅|剩)\s?[:]?\s?{_N}(?!\d|\.\d)\s?(?P<u>{COMMON})(?!装|/)"
    rf"|(?:库存|现货|备货)\s?[:]?\s?(?P<m>\d{{1,7}})(?![\d.])"
    rf"|(?<![\d.])(?P<k>\d{{1,7}})\s?(?P<v>{COMMON})\s?(?:现货|库存|卖完|售完|抢完|先到先得)"
)
LEAST = re.compile(
    rf"(?<![\d.])\d{{1,5}}{_UNIT}\s?(?:起购|起订|起拍|起团|起卖|起送|起批|成团|开团)|(?:满|够)\s?\d{{1,5}}{_UNIT}\s?(?:成团|开团|起送|发货)"
)
DEAL = re.compile(
    rf"(?:每?满|[买拍]|任选)\s?{_N}{_UNIT}(?:元|块)?\s?(?:立减|再减|减|送|赠|打|免|享|任选|包邮)\s?¥?(?:(?:\d{{1,5}}|{CHINESE})(?:\.\d{{1,2}})?)?\s?(?:元|块|折|{COMMON})?"
    rf"|第(?:二|2|三|3)(?:件|份|盒|箱|袋|个)\s?(?:半价|免费|\d{{1,4}}(?:\.\d)?\s?(?:折|元|块))"
)
"""A reduction or a gift: no price of anything."""
_END = re.compile(r"截单|截止|截团|截至|收单|结团|结束|停止接龙|封单|关团|截")
_COME = re.compile(r"到货|发货|送达|取货|提货|自提|配送|送货|到店|发出|开提|现摘")
_BESIDE = re.compile(
    r"(?:截[单止团至]|收单|结[团束]|到货|发货|时间|日期|预计)\s?(?:时间|日期|于|在|是)?\s?[:]?\s?$"
)
_ORDINAL = re.compile(r"\d{1,2}号")
_PICKUP = re.compile(
    r"自提|自取|取货|提货|到店取|上门取|(?:门口?|驿站|岗亭|门卫|店里|楼下|车库)(?:自?来|自|处)?取(?!消)"
)
_COURIER = re.compile(
    r"快递(?![架柜点站员])|包邮|顺丰|邮寄|京东物流|全国发|中通|圆通|韵达|申通|极兔|德邦|邮费|运费|冷链(?:发|到家|配送|直达)|偏远(?:地区)?(?:不发|除外|不包邮)|不发(?:偏远|新疆|西藏|港澳)"
)
_NO_COURIER = re.compile(
    r"(?:不|无法|不能|不支持|没有?|谢绝)(?:发|走|支持|能发)?\s?(?:快递|邮寄)|(?:仅|只|只能|只支持|仅限|仅支持)\s?(?:自提|自取|到店取)"
)
_NO_PICKUP = re.compile(
    r"(?:不|无法|不能|不支持|没有?)(?:支持)?\s?(?:自提|自取)|(?:仅|只|只能|只支持|仅支持)\s?(?:快递|邮寄|发快递)"
)
_DOOR = re.compile(r"送货上门|送到家|送上门|楼下送")


@dataclass(slots=True)
class Facts:
    """Of one clause; `left` is the clause with every used piece blanked, of the same length."""

    left: str
    limit: int | None = None
    limit_at: tuple[int, int] = (0, 0)
    stock: int | None = None
    stock_at: tuple[int, int] = (0, 0)
    ends: When | None = None
    ends_said: bool = False
    comes: bool = False
    dated: bool = False
    cost: str = ""
    inner: bool = False
    only_cost: bool = False
    """Says what goods cost the leader, in some way of its own: its numbers are no prices."""
    contact: bool = False
    least: str = ""
    deal: str = ""
    door: bool = False
    courier: bool | None = None
    pickup: bool | None = None

    def blank(self, start: int, end: int) -> None:
        self.left = self.left[:start] + " " * (end - start) + self.left[end:]


def facts_of(text: str, now: datetime) -> Facts:
    """All facts of one folded clause of bounded length."""
    found = Facts(text)
    for pattern in (PHONE, CONTACT):
        for reached in pattern.finditer(found.left):
            found.contact = True
            found.blank(*reached.span())
    for reached in DEAL.finditer(found.left):
        found.deal = found.deal or reached[0].strip()
        found.blank(*reached.span())
    found.inner = INNER.search(text) is not None
    if hit := COST.search(found.left):
        found.cost = hit["p"]
        found.blank(*hit.span())
    found.only_cost = not found.cost and re.match(rf"\W*{_COST}", text) is not None
    for reached in INNER.finditer(found.left):
        found.blank(*reached.span())
    found.door = _DOOR.search(text) is not None
    _moments(found, text, now)
    _counts(found)
    _ways(found, text)
    return found


def _moments(found: Facts, text: str, now: datetime) -> None:
    """The last moment, or that something comes then; days are blanked so that none is read as a price."""
    ends, comes = _END.search(text) is not None, _COME.search(text) is not None
    found.ends_said, found.comes = ends, comes
    for hit in list(WHEN.finditer(found.left)):
        if hit["month"] and "月" not in hit[0] and not _is_day(found.left, hit):
            continue
        if not (ends or comes):
            if any(c.isdigit() for c in hit[0]) and not _is_of_a_name(found.left, hit):
                found.blank(*hit.span())
            continue
        found.dated = True
        if ends and found.ends is None and not _is_coming(text, hit):
            found.ends = moment_of(hit, now)
        found.blank(*hit.span())
    if ends and found.ends is None and (clock := CLOCK.search(found.left)):
        found.ends = moment_of(clock, now)
        found.blank(*clock.span())
    if ends:
        for word in _END.finditer(found.left):
            found.blank(*word.span())


def _is_of_a_name(text: str, hit: re.Match[str]) -> bool:
    """`烟薯25号`: a number of a variety, grown to its name."""
    before = text[hit.start() - 1 : hit.start()] if hit.start() else ""
    if _ORDINAL.fullmatch(hit[0]) is None or not "\u4e00" <= before <= "\u9fff":
        return False
    return before not in "到至在于是周月的前后约"


def _is_day(text: str, hit: re.Match[str]) -> bool:
    """Whether `11.27` is a day and no price: an hour in it, or a word of time right beside it."""
    if not (1 <= int(hit["month"]) <= 12 and 1 <= int(hit["day"]) <= 31):
        return False
    if hit["hour"] or hit["clock"]:
        return True
    before, after = text[max(0, hit.start() - 8) : hit.start()], text[hit.end() : hit.end() + 5].lstrip()
    return (
        _BESIDE.search(before) is not None or _END.match(after) is not None or _COME.match(after) is not None
    )


def _is_coming(text: str, hit: re.Match[str]) -> bool:
    """Whether the words right after a day speak of arrival: 周五截单 周日到货."""
    after = text[hit.end() : hit.end() + 5]
    return _COME.search(after) is not None and _END.search(after) is None


def _counts(found: Facts) -> None:
    if hit := LEAST.search(found.left):
        found.least = hit[0].strip()
        found.blank(*hit.span())
    if (hit := LIMIT.search(found.left)) and (number := value(hit["n"])) and number <= 9999:
        found.limit, found.limit_at = number, hit.span()
        found.blank(*hit.span())
    if hit := STOCK.search(found.left):
        number = value(hit["n"] or hit["m"] or hit["k"])
        if number is not None:
            found.stock, found.stock_at = number, hit.span()
            found.blank(*hit.span())


def _ways(found: Facts, text: str) -> None:
    if _NO_COURIER.search(text):
        found.courier = False
    elif _COURIER.search(text):
        found.courier = True
    if _NO_PICKUP.search(text):
        found.pickup = False
    elif _PICKUP.search(text):
        found.pickup = True
