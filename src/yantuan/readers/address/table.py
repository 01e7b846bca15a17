"""The divisions of China, from a packed file that is read at the first use."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from yantuan.readers.address.old_names import RENAMED, SPLIT

FILE = Path(__file__).with_name("divisions.json.zz")
FULL, OLD, STEM = 3, 2, 1
"""How a name was written: in full, by an old name, or short."""
OUTSIDE = frozenset({"香港特别行政区", "澳门特别行政区", "台湾省"})

_PEOPLES = (
    "壮|回|维吾尔|藏|彝|苗|侗|布依|土家|傣|白|哈尼|景颇|傈僳|羌|朝鲜|蒙古|哈萨克|柯尔克孜|黎|满|畲|瑶|仫佬|毛南|仡佬|水|佤|拉祜|纳西|普米|怒|独龙|"
    "布朗|东乡|保安|撒拉|裕固|土|达斡尔|鄂温克|鄂伦春|塔吉克|锡伯|各"
)
_PEOPLE = re.compile(rf"(?:(?:{_PEOPLES})族?)+$")
_PEOPLE_NAMED = re.compile(rf"(?:(?:{_PEOPLES})族)+$")
_NO_STEM = frozenset({"矿区", "郊区", "城区", "东区", "西区", "南区", "北区", "中区"})


@dataclass(slots=True, eq=False)
class Place:
    """A unit of level 1 (province), 2 (prefecture, or what stands directly under a province) or 3 (district, county)."""

    name: str
    level: int
    above: Place | None
    towns: str = ""
    """Its townships as `|东华门街道|景山街道|`, where it has no units of level 3."""
    below: list[Place] = field(default_factory=list)

    @property
    def province(self) -> Place:
        place = self
        while place.above is not None:
            place = place.above
        return place

    @property
    def city(self) -> Place | None:
        """Itself or what it belongs to at level 2; in a municipality the municipality; None for other provinces."""
        if self.level == 1:
            return self if self.is_city_province else None
        if self.level == 2:
            return self
        return self.above

    @property
    def is_city_province(self) -> bool:
        """Municipalities, Hong Kong and Macau: province and city in one."""
        return self.level == 1 and any(place.level == 3 for place in self.below)

    @property
    def undivided(self) -> bool:
        """A city without districts, or a county-level unit directly under a province."""
        return self.level == 2 and not self.below

    def within(self, other: Place) -> bool:
        """Whether it is `other` or a part of it."""
        place: Place | None = self
        while place is not None:
            if place is other:
                return True
            place = place.above
        return False

    def parts(self) -> Iterator[Place]:
        """Itself and everything below."""
        yield self
        for place in self.below:
            yield from place.parts()


@dataclass(frozen=True, slots=True)
class Table:
    """All places with the names they go by."""

    provinces: tuple[Place, ...]
    names: dict[str, tuple[tuple[Place, int], ...]]
    """What may be written → the places it may mean, each with FULL, OLD or STEM."""
    lengths: dict[str, tuple[int, ...]]
    """First character → lengths of the names that begin with it, longest first."""
    simplified: dict[int, int]
    digits: dict[str, str]
    """Area code (without 0) → how many digits its numbers have, `8` or `78`; those that are not here have seven."""

    def find(self, province: str, name: str) -> Place | None:
        """The one unit of that name in a province."""
        return next(
            (p for top in self.provinces if top.name == province for p in top.parts() if p.name == name), None
        )

    def town_homes(self, town: str, among: list[Place]) -> list[Place]:
        """The places among and below `among` that have a township of that name."""
        wanted = f"|{town}|"
        return [part for place in among for part in place.parts() if wanted in part.towns]


def _built(tree: dict[str, dict[str, dict[str, str]]]) -> list[Place]:
    provinces = []
    for name, cities in tree.items():
        province = Place(name, 1, None)
        provinces.append(province)
        for city_name, districts in cities.items():
            city = Place(city_name, 2, province) if city_name else province
            if city_name:
                province.below.append(city)
            for district, towns in districts.items():
                if district:
                    city.below.append(Place(district, 3, city, towns))
                else:
                    city.towns = towns
    return provinces


def _province_names(name: str) -> set[str]:
    stem = re.sub(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$", "", name)
    names = {stem}
    if name.endswith("区"):
        names |= {f"{stem}自治区", f"{stem}省", f"{stem}特区", f"{stem}市"}
    return names - {name} | ({"内蒙"} if stem == "内蒙古" else set())


def _self_governing(name: str, kind: str, short: str) -> set[str]:
    """Short names of 大理白族自治州, 长阳土家族自治县: without the peoples, with the shorter word."""
    stem = name.removesuffix(kind)
    bare = _PEOPLE_NAMED.sub("", stem)
    if bare in {"", stem}:
        bare = _PEOPLE.sub("", stem)
    if len(bare) < 2:
        return {f"{stem}{short}"}
    return {bare, f"{bare}{short}", f"{bare}{kind}", f"{stem}{short}"}


def _short_names(name: str, level: int) -> set[str]:
    """What people write in place of the full name."""
    for kind, short in (("自治州", "州"), ("自治县", "县"), ("自治旗", "旗")):
        if name.endswith(kind):
            return _self_governing(name, kind, short) - {name}
    if name in _NO_STEM:
        return set()
    stem = re.sub(r"(?:地区|林区|特区|新区|[市盟区县旗镇乡])$", "", name)
    if level == 3 and name.endswith("县区"):
        return set()
    return {stem} if len(stem) > 1 else set()


_FURTHER = {
    "巴音郭楞蒙古自治州": "巴州 巴音郭楞州", "博尔塔拉蒙古自治州": "博州 博尔塔拉州", "克孜勒苏柯尔克孜自治州": "克州 克孜勒苏州 克孜勒苏",
    "锡林郭勒盟": "锡盟", "乌兰察布市": "乌盟", "巴彦淖尔市": "巴盟", "鄂尔多斯市": "伊盟 伊克昭盟", "呼伦贝尔市": "呼盟", "阿拉善盟": "阿盟",
    "海西蒙古族藏族自治州": "海西州", "黔东南苗族侗族自治州": "黔东南州", "湘西土家族苗族自治州": "湘西州 湘西", "神农架林区": "神农架",
    "大兴安岭地区": "大兴安岭", "浦东新区": "浦东", "滨海新区": "滨海", "香港特别行政区": "九龙 新界 香港岛 港岛", "达尔罕茂明安联合旗": "达茂旗", "科尔沁左翼中旗": "科左中旗",
    "科尔沁左翼后旗": "科左后旗", "科尔沁右翼前旗": "科右前旗", "科尔沁右翼中旗": "科右中旗", "鄂托克前旗": "鄂前旗",
}  # fmt: skip


class _Names:
    """Collects who is called what."""

    def __init__(self) -> None:
        self.found: dict[str, dict[Place, int]] = {}

    def add(self, name: str, place: Place, how: int) -> None:
        who = self.found.setdefault(name, {})
        who[place] = max(how, who.get(place, 0))

    def current(self, place: Place) -> None:
        self.add(place.name, place, FULL)
        short = _province_names(place.name) if place.level == 1 else _short_names(place.name, place.level)
        for name in short:
            full = name[-1] in "州县旗区市省" and len(name) > 2
            self.add(name, place, FULL if full else STEM)
        for name in _FURTHER.get(place.name, "").split():
            self.add(name, place, FULL if name[-1] in "州旗盟" else STEM)

    def former(self, place: Place, taken: set[tuple[str, str]]) -> None:
        """余杭市 and 余杭县 before 余杭区, 毕节地区 before 毕节市: by rule, where nothing else is called so there."""
        stem, province = place.name[:-1], place.province.name[:2]
        if place.level == 2 and not place.undivided and place.name.endswith("市"):
            guesses = [f"{stem}地区", f"{stem}专区"]
        elif place.name.endswith("县区"):
            guesses = [stem]
        elif place.name[-1] in "区市" and len(stem) > 1 and not place.name.endswith("新区"):
            guesses = [f"{stem}县"] + ([f"{stem}市"] if place.name.endswith("区") else [])
        else:
            return
        for name in guesses:
            if (province, name) not in taken:
                self.add(name, place, OLD)


def _lines(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.strip().splitlines() if line.strip())


def _all_names(provinces: list[Place]) -> dict[str, tuple[tuple[Place, int], ...]]:
    names = _Names()
    places = [place for top in provinces for place in top.parts()]
    split = [(province, city, name) for province, city, *old in _lines(SPLIT) for name in old]
    taken = {(place.province.name[:2], place.name) for place in places}
    taken |= {(province, name) for province, _, name in split}
    for place in places:
        names.current(place)
        names.former(place, taken)
    tops = {top.name[:2]: top.name for top in provinces}
    standing = {(p.above.name, p.name): p for p in places if p.above is not None}
    for province, city, heir, *old in _lines(RENAMED):
        for name in old:
            names.add(name, standing[(tops[province] if city == "-" else city, heir)], OLD)
    for province, city, name in split:
        names.add(name, standing[(tops[province], city)], OLD)
    return {
        name: tuple(sorted(who.items(), key=lambda one: (-one[1], one[0].level)))
        for name, who in names.found.items()
    }


@cache
def table() -> Table:
    """The table; unpacked once per process, at the first reading."""
    data = json.loads(zlib.decompress(FILE.read_bytes()))
    provinces = _built(data["tree"])
    names = _all_names(provinces)
    lengths: dict[str, set[int]] = {}
    for name in names:
        lengths.setdefault(name[0], set()).add(len(name))
    return Table(
        provinces=tuple(provinces),
        names=names,
        lengths={first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()},
        simplified={ord(a): ord(b) for a, b in zip(*data["simplified"], strict=True)},
        digits=data["digits"],
    )
