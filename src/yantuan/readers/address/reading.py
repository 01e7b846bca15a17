"""Reading a pasted address: from the text to the fields of a form."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from yantuan.readers.address import words
from yantuan.readers.address.folding import Folded, fold
from yantuan.readers.address.outdated import outdated
from yantuan.readers.address.phones import BAD_NUMBERS, LONE_EXTENSION, Phone, find_local_phones, find_phones
from yantuan.readers.address.pieces import MARKS, REGION_MARK, Label, Piece, blank, labels, pieces
from yantuan.readers.address.regions import LABEL, NOISE, PHONE, Region, RegionReader
from yantuan.readers.address.sorting import Sorted, sort_pieces
from yantuan.readers.address.table import Place, Table, table

_LONG, _MOST = 24, 40


@dataclass(frozen=True, slots=True)
class Reading:
    """What a careful person would fill in. None: not written, or not certain."""

    name: str | None = None
    phone: str | None = None
    phone_ext: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street_or_town: str | None = None
    detail: str | None = None
    note: str | None = None
    missing: list[str] = field(default_factory=list)
    """Of name, phone, province, city, district, detail, in this order, those that are needed and can't be known."""

    def as_dict(self) -> dict[str, str | list[str] | None]:
        """The fields by name, in this order."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def read(text: str) -> Reading:
    """Read one address. Never raises; time grows linearly with the text."""
    book = table()
    folded = fold(text, book.simplified)
    spans = outdated(folded.plain, lambda start, end: _first_region(folded.plain, book, start, end))
    reading = _read(folded, book, spans)
    if spans and reading.province is None and reading.detail is None:
        # Everything was said to hold no more: then it is about something else.
        return _read(folded, book, [])
    return reading


def _first_region(plain: str, book: Table, start: int, end: int) -> int | None:
    reader = RegionReader(plain[:end], book)
    for at in range(start, end):
        region = reader.at(at) if plain[at] in book.lengths else None
        if region is not None and region.full:
            return at
    return None


def _read(folded: Folded, book: Table, dead: list[tuple[int, int]]) -> Reading:
    text = blank(folded.plain, dead, NOISE)
    codes = list(words.SHOP_CODE.finditer(text))
    text = blank(text, [hit.span() for hit in codes], " ")
    for pattern in (words.STICKER, words.EMPHASIS, words.NUMBERING):
        text = blank(text, [hit.span() for hit in pattern.finditer(text)], NOISE)
    phones = find_phones(text, book.digits)
    text = _without_phones(text, phones)
    text, found = _without_labels(text)
    region, spans = best_region(text, book)
    if not phones and region is not None:
        phones = find_local_phones(text, region.places[0].province.name)
        text = _without_phones(text, phones)
    text = blank(text, spans, REGION_MARK)
    for pattern in (words.DATE_OR_PRICE, BAD_NUMBERS):
        text = blank(text, [hit.span() for hit in pattern.finditer(text)], NOISE)
    lone = list(LONE_EXTENSION.finditer(text))
    text = blank(text, [hit.span() for hit in lone], NOISE)
    extension = (phones[0].extension if phones else None) or next((hit[1] for hit in [*codes, *lone]), None)
    if extension:
        text = text.replace(f"({extension})", " " * (len(extension) + 2))
    cut = pieces(text, found)
    region, cut = _late_town(region, cut, book)
    told = sort_pieces(folded.raw, text, cut, region)
    return _filled(told, phones, extension if phones else None, region)


def _late_town(region: Region | None, cut: list[Piece], book: Table) -> tuple[Region | None, list[Piece]]:
    """A township that stands apart from its region."""
    if region is None or region.town is not None:
        return region, cut
    for piece in cut:
        if piece.plain.endswith(("街道", "镇", "乡", "苏木")):
            homes = book.town_homes(piece.plain, list(region.places))
            if homes:
                return replace(region, town=piece.plain, places=tuple(homes)), [
                    one for one in cut if one is not piece
                ]
    return region, cut


def _without_phones(text: str, phones: list[Phone]) -> str:
    """Numbers marked, and the words that introduce all but the first left out."""
    text = blank(text, [(one.start, one.end) for one in phones[:1]], PHONE)
    text = blank(text, [(one.start, one.end) for one in phones[1:]], NOISE)
    intros = []
    for one in phones[1:]:
        before = text[max(0, one.start - 24) : one.start]
        begin = max(before.rfind(mark) for mark in ",;。\n()" + MARKS) + 1
        hit = words.SECOND_PHONE.search(before[begin:])
        if hit is not None and hit[0]:
            intros.append((one.start - len(hit[0]), one.start))
    return blank(text, intros, NOISE)


def _without_labels(text: str) -> tuple[str, list[Label]]:
    found = labels(text)
    return blank(text, [(one.start, one.end) for one in found], LABEL), found


def best_region(text: str, book: Table) -> tuple[Region | None, list[tuple[int, int]]]:
    """The region with the most units named, the first of equal ones; a lone short name counts only before an address. Also its spans."""
    reader = RegionReader(text, book)
    found_regions: list[tuple[int, Region]] = []
    at = 0
    while at < len(text):
        region = reader.at(at) if text[at] in book.lengths else None
        if region is None:
            at += 1
            continue
        if not _weak(region) or _before_address(text, region):
            first = at == 0 or not ("\u4e00" <= text[at - 1] <= "\u9fff")
            found_regions.append((region.score + 5 * first, region))
        # What a long reading swallowed is not read again from its middle: this keeps time linear.
        at = region.end if region.full or region.end - at > _LONG else at + 1
    if not found_regions:
        return None, []
    best = max(found_regions, key=lambda one: one[0])[1]
    return _together(text, best, [region for _, region in found_regions[:_MOST] if region is not best])


def _together(text: str, best: Region, others: list[Region]) -> tuple[Region, list[tuple[int, int]]]:
    """A region written in two places: 浙江杭州, then the phone, then 西湖区. Also where each part of it stands."""
    spans = [(best.start, best.end)]
    for other in others:
        if _weak(other) or any(other.start < end and start < other.end for start, end in spans):
            continue
        deeper = [p for p in other.places if any(p is not was and p.within(was) for was in best.places)]
        narrower = [was for was in best.places if any(was.within(p) for p in other.places)]
        if deeper:
            best = replace(other, places=tuple(deeper), town=other.town or best.town)
        elif narrower and (len(narrower) < len(best.places) or _apart(text, other)):
            best = replace(best, places=tuple(narrower), town=best.town or other.town)
        else:
            continue
        spans.append((other.start, other.end))
    return best, spans


def _apart(text: str, region: Region) -> bool:
    """Whether nothing else stands between the separators around it."""
    before, after = text[max(0, region.start - 1) : region.start], text[region.end : region.end + 1]
    return all(not char or not char.isalnum() for char in (before, after))


def _weak(region: Region) -> bool:
    return not region.full and region.units == 1 and region.town is None


def _before_address(text: str, region: Region) -> bool:
    """Whether a lone short name stands at the beginning of something, and an address follows it."""
    at_start = region.start == 0 or not ("\u4e00" <= text[region.start - 1] <= "\u9fff")
    if not at_start or len(region.places) > 1:
        return False
    rest = text[region.end : region.end + 40].split("\n")[0]
    if region.places[0].level == 3 and (not rest or not "\u4e00" <= rest[0] <= "\u9fff"):
        return False
    rest = rest.lstrip(" ,")
    cut = min((n for n, char in enumerate(rest) if char in " ,;()" + MARKS), default=len(rest))
    if region.places[0].level < 3 and cut > 4 and rest == text[region.end : region.end + len(rest)]:
        return True
    return bool(words.ADDRESS_LIKE.search(rest[:cut])) or (cut == 0 and region.places[0].level == 1)


def _one(names: set[str | None]) -> str | None:
    return names.pop() if len(names) == 1 else None


def _districts(places: tuple[Place, ...]) -> set[str | None]:
    return {place.name if place.level == 3 else None for place in places}


def _filled(told: Sorted, phones: list[Phone], extension: str | None, region: Region | None) -> Reading:
    places = region.places if region else ()
    province = _one({place.province.name for place in places})
    city = _one({place.city.name if place.city else None for place in places})
    district = _one(_districts(places))
    undivided = bool(places) and all(place.undivided for place in places)
    numbers = [one.number for one in phones]
    notes = list(told.notes)
    seen = set(numbers[:1])
    for one in phones[1:]:
        if one.number not in seen:
            seen.add(one.number)
            notes.append((one.start, one.number + (f"转{one.extension}" if one.extension else "")))
    needed = {
        "name": told.name, "phone": numbers[0] if numbers else None, "province": province, "city": city,
        "district": district or undivided or None, "detail": told.detail,
    }  # fmt: skip
    return Reading(
        name=told.name,
        phone=numbers[0] if numbers else None,
        phone_ext=extension,
        province=province,
        city=city,
        district=district,
        street_or_town=region.town if region else None,
        detail=told.detail,
        note="；".join(text for _, text in sorted(notes)) or None,
        missing=[key for key, value in needed.items() if value is None],
    )
