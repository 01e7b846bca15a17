"""Telling the pieces apart: which is the name, which belong to the address, which are wishes, which are talk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.readers.address import names, words
from yantuan.readers.address.pieces import MARKS, Piece
from yantuan.readers.address.regions import PHONE, Region

_POLITE = re.compile(
    r"谢谢|多谢|感谢|谢啦|谢了|辛苦|你好|您好|拜托|团长|群主|收到|好的$|在吗|请问|今天|明天|什么时候|^收$|^的$|^哈+$|麻烦"
)
_ASKS_TO_SEND = re.compile(
    r"(?:麻烦|请|帮忙|帮我|团长|老板|你|您|就)*(?:寄|发|邮)(?:到|给|往|一下|这里?|这边|我|快递|哈|哦|吧)*"
)
_ONLY_GAP = re.compile(r"[ \n,:;/|、\-。~!()]*")
_EDGES = " \n\t,，.。;；:：-—_/、~|!！·*#=+'\"“”‘’…"
_SPOKEN = re.compile(r"^(?:我是[^ ,]{1,8}的|我?(?:是|叫)|名字?叫|@|给|送给|寄给|收货人|收件人)(?=.{2})")
_TRAILING_TALK = re.compile(
    r"[,，]?(?:谢谢|谢啦|谢了|多谢|感谢|辛苦了?|麻烦了|拜托了?)(?:了|啦|您|你|哈|哦|呀|团长|老板|小哥|师傅)*$"
)
_WORST = 4
"""The least score of a name."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The free fields of a reading."""

    name: str | None
    detail: str | None
    notes: list[tuple[int, str]]
    """Wishes with their place in the text."""


@dataclass(slots=True)
class _Desk:
    """The pieces while they are being sorted."""

    raw: str
    text: str
    region: Region | None
    notes: list[tuple[int, str]]
    name: str | None = None


def sort_pieces(raw: str, text: str, found: list[Piece], region: Region | None) -> Sorted:
    """Sort the pieces of a marked text. `raw` is the same text as written, position by position."""
    desk = _Desk(raw, text, region, [])
    open_pieces = [piece for piece in found if not _taken(desk, piece)]
    if desk.name is None:
        chosen = _best_name(desk, open_pieces)
        if chosen is not None:
            desk.name = _spoken_name(raw[chosen.start : chosen.end])
            open_pieces = [piece for piece in open_pieces if piece is not chosen]
    detail = _joined(desk, [_cut(desk, piece) for piece in _detail(desk, open_pieces)])
    return Sorted(desk.name, detail, desk.notes)


def _spoken_name(text: str) -> str | None:
    name = words.RECEIVES.sub("", _SPOKEN.sub("", text.strip(_EDGES))).strip(_EDGES)
    return name or None


def _like_address(piece: Piece) -> bool:
    return bool(words.ADDRESS_LIKE.search(piece.plain))


def _taken(desk: _Desk, piece: Piece) -> bool:
    """Sort at once what needs no comparison: labelled pieces, wishes, postcodes, questions."""
    if piece.label == words.OTHER or words.POSTCODE.fullmatch(piece.plain):
        return True
    if piece.label == words.NAME and desk.name is None:
        desk.name = _spoken_name(desk.raw[piece.start : piece.end])
        return True
    if piece.label == words.NOTE and not _is_named_after_a_note(desk, piece):
        return _note(desk, piece)
    if words.TO_SELLER.search(piece.plain) and not _like_address(piece):
        return True
    if words.STRONG_WISH.search(piece.plain) or (words.WISH.search(piece.plain) and not _like_address(piece)):
        return _note(desk, piece)
    asked = desk.text[piece.end : piece.end + 1] == "?"
    return not _like_address(piece) and bool(asked or words.QUESTION.search(piece.plain))


def _is_named_after_a_note(desk: _Desk, piece: Piece) -> bool:
    """`备注:周末勿送 卢俊 138…`: the name before the phone is no wish any more."""
    if words.WISH.search(piece.plain) or not desk.raw[: piece.start].endswith(" "):
        return False
    return names.likeness(piece.plain) >= names.LIKELY and _beside_phone(desk.text, piece)


def _note(desk: _Desk, piece: Piece) -> bool:
    """A wish as it is written, without thanks around it; what is only talk is dropped."""
    wish = _TRAILING_TALK.sub("", desk.raw[piece.start : piece.end]).strip(_EDGES)
    asked = desk.text[piece.end : piece.end + 1] == "?"
    if _ASKS_TO_SEND.fullmatch(piece.plain):
        return True
    if wish and not asked and (words.WISH.search(piece.plain) or not words.CHAT.search(piece.plain)):
        desk.notes.append((piece.start, wish))
    return True


def _best_name(desk: _Desk, found: list[Piece]) -> Piece | None:
    best: tuple[int, Piece] | None = None
    for n, piece in enumerate(found):
        if len(piece.plain) > 40:
            continue
        score = _name_score(
            desk, piece, found[n - 1] if n else None, found[n + 1] if n + 1 < len(found) else None
        )
        if score >= _WORST and (best is None or score > best[0]):
            best = score, piece
    return best[1] if best else None


def _name_score(desk: _Desk, piece: Piece, before: Piece | None, after: Piece | None) -> int:
    bare = words.RECEIVES.sub("", _SPOKEN.sub("", piece.plain)) or piece.plain
    like = names.likeness(bare)
    if like == names.NO or (like != names.SURE and words.CHAT.search(piece.plain)):
        return 0
    score = like + 3 * _beside_phone(desk.text, piece) + (before is None or after is None)
    score += bare != piece.plain
    score += 2 * _alone_on_line(desk.text, piece)
    if _like_address(piece):
        short = len(piece.plain) <= 3 and like >= names.LIKELY and _beside_phone(desk.text, piece)
        score -= 1 if short else 4
    elif (
        after is not None
        and _in_address(desk, piece)
        and _like_address(after)
        and not _beside_phone(desk.text, piece)
    ):
        score -= 3
    return score


def _beside_phone(text: str, piece: Piece) -> bool:
    """Whether only separators stand between the piece and a phone number."""
    after = _ONLY_GAP.match(text, piece.end)
    if (
        after
        and text[after.end() : after.end() + 1] in (PHONE, "\x00")
        and PHONE in text[after.end() : after.end() + 12]
    ):
        return True
    before = text[max(0, piece.start - 12) : piece.start].rstrip(" \n,:;/|、-。~!()\x00")
    return before.endswith(PHONE)


def _alone_on_line(text: str, piece: Piece) -> bool:
    start = text.rfind("\n", 0, piece.start) + 1
    end = text.find("\n", piece.end)
    line = text[start : end if end >= 0 else len(text)]
    return "\n" in text and line.strip(" ,;:\x00\x02") == piece.plain


def _in_address(desk: _Desk, piece: Piece) -> bool:
    """Whether it follows the region directly, on the same line."""
    if desk.region is None or piece.start < desk.region.end:
        return False
    between = desk.text[desk.region.end : piece.start]
    return "\n" not in between and PHONE not in between


def _detail(desk: _Desk, found: list[Piece]) -> list[Piece]:
    """The pieces that belong to the address."""
    end = desk.region.end if desk.region else 0
    chosen: list[Piece] = []
    for piece in found:
        if piece.start < end:
            continue
        between = desk.text[chosen[-1].end if chosen else end : piece.start]
        near = desk.region is not None and PHONE not in between and not (chosen and "\n" in between)
        if near and chosen and any(not mark.isspace() and mark in MARKS for mark in between):
            near = False
        # What follows without a break belongs to the address unless it is plainly talk; after a break it must not sound like talk at all.
        talk = _POLITE if near and not (chosen and between) else words.CHAT
        if _like_address(piece) or ((near or piece.label == words.ADDRESS) and not talk.search(piece.plain)):
            chosen.append(piece)
    if chosen:
        return chosen
    before = [piece for piece in found if piece.start < end]
    return [piece for piece in before if _like_address(piece) or piece.label == words.ADDRESS]


def _cut(desk: _Desk, piece: Piece) -> Piece:
    """Without a wish or a name that follows a door without a break."""
    wish = words.GLUED_WISH.search(piece.plain)
    if wish is not None:
        end = piece.start + wish.start(1)
        text = _TRAILING_TALK.sub("", desk.raw[end : piece.end]).strip(_EDGES)
        desk.notes.append((end, text))
        piece = Piece(piece.start, end, desk.text[piece.start : end], piece.label, piece.bracketed)
    if desk.name is None:
        hit = names.GLUED.search(piece.plain)
        ends = _beside_phone(desk.text, piece) or piece.end >= len(desk.text.rstrip())
        if hit is not None and ends and names.likeness(hit[1]) >= names.LIKELY:
            start = piece.start + hit.start(1)
            desk.name = _spoken_name(desk.raw[start : piece.end])
            piece = Piece(piece.start, start, desk.text[piece.start : start], piece.label, piece.bracketed)
    return piece


def _joined(desk: _Desk, chosen: list[Piece]) -> str | None:
    """The address as written, white space removed; a break of the line takes its punctuation along."""
    parts: list[str] = []
    for n, piece in enumerate(chosen):
        between = (
            desk.text[chosen[n - 1].end : piece.start]
            if n
            else desk.text[max(0, piece.start - 1) : piece.start]
        )
        if not any(mark in between for mark in MARKS + "\n"):
            written = (
                desk.raw[chosen[n - 1].end : piece.start]
                if n
                else desk.raw[max(0, piece.start - 1) : piece.start]
            )
            parts.append(written if n or written in "(（" else "")
        parts.append(desk.raw[piece.start : piece.end])
    text = "".join("".join(parts).split()).strip(_EDGES)
    opened = [char for char in text if char in "(（"]
    closed = sum(char in ")）" for char in text)
    if len(opened) > closed:
        text += "）" if opened[-1] == "（" else ")"
    return text or None
