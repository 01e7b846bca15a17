"""Finding the region in an address: province, city, district and township, from whatever of them is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from yantuan.readers.address.table import FULL, OLD, OUTSIDE, STEM, Place, Table

LABEL, PHONE, NOISE = "\x00", "\x01", "\x02"
"""What stands in a text for characters that were understood already."""

_BETWEEN = re.compile(r"[ \n,;、./|\\\-·>→:" + LABEL + r"]{0,60}")
_FILLER = re.compile(
    r"市辖区|省直辖县级行政(?:区划|单位)|自治区直辖县级行政(?:区划|单位)|(?:省|自治区)?直辖县(?:级|市)?|中华人民共和国|中国(?=[^人农工建移联电石银])"
)
_COUNTIES = re.compile(r"县(?=[ \n,、/\-])|县(?=..{0,4}?[县])")
_AREAS = re.compile(
    r"香港岛|港岛|九龙(?![城湾塘仓寨西东站公大山坑])|新界|澳门半岛|澳门外岛|氹仔|凼仔|路环|路凼"
)
_ISLAND_PARISH = {"氹仔": "嘉模堂区", "凼仔": "嘉模堂区", "路环": "圣方济各堂区"}
_ROADLIKE = re.compile(
    r"[东西南北中内外环新老上下大小前后一二三四五六七八九十\d]{0,3}(?:路|街|大道|大路|大街|巷|弄|胡同|道|桥|广场|公园|小区|花园|新村|村|大厦|大学(?!城)|学院|中学|小学|医院|银行|"
    r"酒店|宾馆|饭店|站|机场|公馆|国际|中心|商城|商务|工业(?!园区)|大院|豪庭|古城|古镇|名城|家园|嘉园|人家|公寓|菜|面|特产|话|湾)"
)
"""What makes a short name the beginning of something else: 北京路, 杭州湾."""
_PARTLY = re.compile(r"[镇乡门祠山湖河江口寺庙塔苑里园城府寨岭州港海溪坝洲埔坊亭桥]")
"""The same after the short name of a district: 武侯祠, 朝阳门."""
_WORDS = (
    "市中 市南 市北 城中 城关 城东 城西 城北 城南 新城 路南 路北 桥东 桥西 河东 河西 江北 江南 江东 江岸 南岸 港口 海港 东港 新市 古城 中原 新华 "
    "和平 建设 友好 向阳 前进 红旗 胜利 铁西 铁东 铁山 站前 东风 东安 文峰 龙凤 凤凰 高港 东山 西山 北关 南关 安定 兴宁 平安 永安 "
    "新兴 大通 大同 光明 东湖 西湖 南湖 北湖 文化 青山 石门 龙门 阳光"
)
_COMMON_WORDS = frozenset(_WORDS.split())
"""Short names of districts that are also ordinary words: they count only alone or before another unit."""
_AFTER_CITY = re.compile(r"[场民]")
_TOWN_FORM = re.compile(
    r"(?P<street>[\u4e00-\u9fff]{1,7}?街道)(?![口边旁路])|(?P<town>[\u4e00-\u9fff]{1,7}?(?:镇|乡|苏木))(?!路|街|巷|道|桥|村|中学|小学|中心|大道|大街|大桥|政府|卫生|医院|初中|[东西南北中]路|[东西南北中]街)"
)
_NO_TOWN = re.compile(r"[路街巷弄号村院楼栋幢室](?=.)")
_OFFICE = re.compile(r"(?:街道)?办事处|(?<=街道)办(?![公事])")
_LONGEST_TOWN = 14
_LONGEST = 200
"""No region is longer, however often it is repeated: this keeps time linear."""


@dataclass(frozen=True, slots=True)
class Region:
    """A reading of the text from `start` to `end` as a region."""

    start: int
    end: int
    places: tuple[Place, ...]
    """What it may be: the lowest units named; several when the name is not unique."""
    town: str | None = None
    score: int = 0
    units: int = 0
    full: int = 0
    """How many units were named, and how many of them in full."""
    deepest_short: bool = False
    """Its last unit was written short: 北京, 义乌."""


@dataclass(slots=True)
class _Chain:
    """A region while it is being read."""

    places: list[Place]
    end: int
    score: int = 0
    units: int = 0
    full: int = 0
    short: bool = False
    said: set[str] = field(default_factory=set)


def _compatible(found: tuple[tuple[Place, int], ...], chain: _Chain, how: int) -> list[Place]:
    """What the chain means when it goes on with a name of that kind; empty when it can't."""
    if not chain.units:
        return _alone([place for place, kind in found if kind == how], how)
    deeper = [
        p for p, kind in found if kind == how and any(p is not was and p.within(was) for was in chain.places)
    ]
    if deeper:
        return deeper
    return [was for was in chain.places if any(was.within(p) for p, kind in found if kind == how)]


def _alone(places: list[Place], how: int) -> list[Place]:
    """Which of several places a name means that stands first: of short names the highest."""
    if how == STEM and places:
        top = min(place.level for place in places)
        places = [place for place in places if place.level == top]
    return places


class RegionReader:
    """Reads regions in one folded text."""

    def __init__(self, text: str, table: Table) -> None:
        self._text = text
        self._table = table

    def names_at(self, at: int) -> Iterator[str]:
        """Known names that begin here, longest first."""
        text = self._text
        for length in self._table.lengths.get(text[at : at + 1], ()):
            name = text[at : at + length]
            if name in self._table.names:
                yield name

    def at(self, start: int) -> Region | None:
        """The region that begins exactly here."""
        chain = _Chain([], start)
        while chain.end - start < _LONGEST and self._step(chain):
            pass
        if not chain.units:
            return None
        region = Region(
            start, chain.end, tuple(chain.places), None, chain.score, chain.units, chain.full, chain.short
        )
        return self._with_town(self._with_area(region))

    def _skipped(self, at: int, chain: _Chain) -> int:
        """Past separators and words that fill a level: 市辖区, 九龙."""
        start = at
        while at - start < _LONGEST:
            after = _BETWEEN.match(self._text, at).end() if chain.units else at  # type: ignore[union-attr]
            if hit := _FILLER.match(self._text, after):
                after = hit.end()
            elif chain.units and (top := chain.places[0].province).is_city_province:
                outside = top.name in OUTSIDE
                hit = (_AREAS if outside else _COUNTIES).match(self._text, after)
                after = hit.end() if hit else after
            if after == at:
                break
            at = after
        return at

    def _step(self, chain: _Chain) -> bool:
        """Take one more unit into the chain."""
        at = self._skipped(chain.end, chain)
        for name in self.names_at(at):
            found = self._table.names[name]
            for how in (FULL, OLD, STEM):
                if not any(kind == how for _, kind in found):
                    continue
                places = _compatible(found, chain, how) or self._moved(found, chain, how)
                if places and self._may_stand(name, at, chain, places, how):
                    self._take(chain, name, at, places, how)
                    return True
        return False

    def _moved(self, found: tuple[tuple[Place, int], ...], chain: _Chain, how: int) -> list[Place]:
        """A county that changed its prefecture: 四平市公主岭市. Its name is unique in the province, so it counts."""
        if not chain.units or how == STEM or any(p.level != 2 for p in chain.places):
            return []
        province = chain.places[0].province
        others = [p for p, kind in found if kind == how and p.province is province and p.level > 1]
        if len(others) == 1 and (others[0].name[-1] in "县市旗" or others[0].level == 2):
            return others
        return []

    def _take(self, chain: _Chain, name: str, at: int, places: list[Place], how: int) -> None:
        chain.score += {FULL: 30, OLD: 25, STEM: 10}[how] if name not in chain.said else 0
        chain.said.add(name)
        chain.places = places
        chain.end = at + len(name)
        chain.units += 1
        chain.full += how != STEM
        chain.short = how == STEM

    def _may_stand(self, name: str, at: int, chain: _Chain, places: list[Place], how: int) -> bool:
        """Whether the name means the unit here, and is not the beginning of a road, an estate or an institution."""
        end = at + len(name)
        if not chain.units and len(name) == 2 and name[-1] == "区":
            return False
        if name[-1] == "市" and _AFTER_CITY.match(self._text, end) and not self._goes_on(end, places):
            return False
        if chain.units and set(places) == set(chain.places):
            if self._known_town(at, places):
                return False
            same = any(place in chain.places for place, kind in self._table.names[name] if kind == how)
            return (same and how != STEM) or self._ends(end) or self._comes_back(end, places)
        if how != STEM or self._ends(end) or self._goes_on(end, places):
            return True
        if places[0].level == 3 and (name in _COMMON_WORDS or _PARTLY.match(self._text, end)):
            return False
        return not _ROADLIKE.match(self._text, end)

    def _ends(self, end: int) -> bool:
        return end >= len(self._text) or self._text[end] in " \n,、;()[]/|-" + LABEL + PHONE + NOISE

    def _goes_on(self, end: int, places: list[Place]) -> bool:
        """Whether a unit inside these places follows directly, or one of their townships."""
        for name in self.names_at(end):
            for found, how in self._table.names[name]:
                inside = any(found is not place and found.within(place) for place in places)
                if inside or (how != STEM and found in places):
                    return True
        return self._known_town(end, places) is not None

    def _comes_back(self, end: int, places: list[Place]) -> bool:
        """Whether the region is said a second time down to the same unit: 浙江省杭州市西湖区浙江省杭州市西湖区."""
        for _ in range(3):
            end = _BETWEEN.match(self._text, end).end()  # type: ignore[union-attr]
            for name in self.names_at(end):
                found = [place for place, _ in self._table.names[name]]
                if any(place in found for place in places):
                    return True
                if any(place.within(above) for place in places for above in found):
                    end += len(name)
                    break
            else:
                return False
        return False

    def _with_area(self, region: Region) -> Region:
        """Hong Kong and Macau: take in the area's name where no district follows; an island of Macau is one parish."""
        top = region.places[0].province
        if not top.is_city_province or top.name not in OUTSIDE:
            return region
        chain = _Chain(list(region.places), region.end, units=1)
        end = self._skipped(region.end, chain)
        words = self._text[region.end : end]
        parish = next((p for word, p in _ISLAND_PARISH.items() if word in words), None)
        place = next((p for p in top.below if p.name == parish), None)
        if place is not None and region.places[0].level == 1:
            return replace(region, end=end, places=(place,))
        return replace(region, end=end if _AREAS.search(words) else region.end)

    def _with_town(self, region: Region) -> Region:
        """Take in the township that follows; it may tell which of several districts is meant."""
        top = region.places[0]
        if top.level == 1 and not top.is_city_province:
            return self._town_alone(region)
        at = _BETWEEN.match(self._text, region.end).end()  # type: ignore[union-attr]
        places = list(region.places)
        known = self._known_town(at, places)
        if known is not None:
            homes = self._table.town_homes(known, places)
            return self._doubled(
                replace(
                    region,
                    end=self._past_office(at + len(known)),
                    places=tuple(homes),
                    town=known,
                    score=region.score + 20,
                ),
                at,
                known,
            )
        if top.province.name in OUTSIDE:
            return region
        form = self._town_form(at)
        if form is None or (region.deepest_short and not region.full):
            return region
        return self._doubled(
            replace(region, end=self._past_office(at + len(form)), town=form, score=region.score + 5),
            at,
            form,
        )

    def _doubled(self, region: Region, at: int, town: str) -> Region:
        """花木街道花木街道 is said once."""
        again = _BETWEEN.match(self._text, region.end).end()  # type: ignore[union-attr]
        if self._text.startswith(town, again):
            return replace(region, end=again + len(town))
        return region

    def _past_office(self, end: int) -> int:
        hit = _OFFICE.match(self._text, end)
        return hit.end() if hit else end

    def _town_alone(self, region: Region) -> Region:
        """A township right after the province, when there is one of that name in it."""
        at = _BETWEEN.match(self._text, region.end).end()  # type: ignore[union-attr]
        known = self._known_town(at, list(region.places))
        if known is None:
            return region
        homes = self._table.town_homes(known, list(region.places))
        if len(homes) != 1:
            return region
        return replace(
            region,
            end=self._past_office(at + len(known)),
            places=tuple(homes),
            town=known,
            score=region.score + 20,
        )

    def _known_town(self, at: int, places: list[Place]) -> str | None:
        """The longest township of these places that begins here."""
        span = re.match(r"[\u4e00-\u9fff\u3400-\u4dbf·]+", self._text[at : at + _LONGEST_TOWN])
        if span is None:
            return None
        for length in range(len(span[0]), 1, -1):
            name = span[0][:length]
            if (name.endswith(("街道", "镇", "乡", "苏木"))) and self._table.town_homes(name, places):
                return name
        return None

    def _town_form(self, at: int) -> str | None:
        """Something with the form of a township that the table does not know: new ones are founded every year."""
        hit = _TOWN_FORM.match(self._text, at)
        if hit is None:
            return None
        name = hit[0]
        inner = name.removesuffix("街道") if hit["street"] else name[:-1]
        if hit["town"] and (_NO_TOWN.search(inner + "x") or re.search(r"(?<=.)[区县市](?=.)", inner)):
            return None
        following = self._text[hit.end() : hit.end() + 1]
        if following and following == name[-1]:
            return name + following
        return None if re.search(r"[号村院楼栋幢室]|[路街巷](?=.)", inner) else name
