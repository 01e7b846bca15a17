"""From tokens to verbs: the clauses of a line and what each changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.changes import Change
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.items import Picked, Picker
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.tokens import Token

VERBS = (kinds.SET, kinds.DROP, kinds.ADD, kinds.LESS, kinds.SAME)
NOTHING = Picked((), None, ())
_ITEMS = (kinds.GOODS, kinds.COUNT, kinds.EACH, kinds.ALL, kinds.OTHER, kinds.TOTAL)


class Clauses:
    """Reads the tokens of one line, clause by clause, into changes; words that are left over are kept for the note."""

    def __init__(self, text: str, goods: Goods, *, listed: bool) -> None:
        self.text = text
        self.goods = goods
        self.listed = listed
        self.changes: list[Change] = []
        self.words: list[Token] = []
        self.mentioned: set[str] = set()

    def read(self, tokens: Sequence[Token]) -> list[Change]:
        for run in self._runs(tokens):
            self._run(run)
        return self.changes

    def _runs(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """Clauses, with those that have no verb of their own joined to what they go on from."""
        clauses: list[list[Token]] = [[]]
        for token in tokens:
            clauses[-1].append(token)
            if token.kind == kinds.BREAK:
                clauses.append([])
        runs: list[list[Token]] = []
        for clause in clauses:
            if runs and not _verbs(clause) and self._goes_on(runs[-1], clause):
                runs[-1].extend(clause)
            elif clause:
                runs.append(clause)
        return runs

    def _goes_on(self, run: Sequence[Token], clause: Sequence[Token]) -> bool:
        verbs = _verbs(run)
        if not verbs:
            return True
        if verbs[-1].kind not in (kinds.SET, kinds.ADD):
            return not any(t.kind in _ITEMS for t in clause)
        after = run[run.index(verbs[-1]) :]
        return any(t.kind == kinds.GOODS for t in after) or not any(t.kind in _ITEMS for t in after)

    def _pick(self, tokens: Sequence[Token]) -> Picked:
        picked = Picker(self.text, self.goods, self.mentioned).pick(tokens)
        self.words += picked.words
        self.mentioned |= {i.offer for i in picked.items}
        return picked

    def _run(self, run: Sequence[Token]) -> None:
        verbs = _verbs(run)
        if not verbs:
            self._plain(self._pick(run))
            return
        at = run.index(verbs[0])
        before, after = list(run[:at]), list(run[at + 1 :])
        rest: list[Token] = []
        if len(verbs) > 1:
            second = after.index(verbs[1])
            after, rest = after[:second], after[second:]
        getattr(self, f"_{verbs[0].kind}")(verbs[0], before, after)
        if rest:
            self._run(rest)

    def _plain(self, picked: Picked) -> None:
        minus = [i for i in picked.items if i.minus]
        plus = [i for i in picked.items if not i.minus]
        if minus and plus:
            raise Unclear("有加有减，看不清")
        if minus or (picked.bare and picked.bare.style == "minus"):
            self.changes.append(Change("less", picked))
        elif picked.items or picked.bare:
            self.changes.append(Change("order", picked))

    def _same(self, verb: Token, before: list[Token], after: list[Token]) -> None:
        if self._pick(before + after) and any(t.kind in _ITEMS for t in before + after):
            raise Unclear("和别人一样，又写了别的，不知道怎么算")
        self.changes.append(Change("same", NOTHING, line=verb.number))

    def _set(self, verb: Token, before: list[Token], after: list[Token]) -> None:
        left = self._pick(before)
        right = self._pick(after)
        if "错" in self.text[verb.start : verb.end] and not (right.items or right.bare):
            # `1盒吧，记错了`: what was said is what holds.
            self.changes.append(Change("set", left))
            return
        if left.bare:
            raise Unclear("不知道是哪一样改")
        if not left.items and self.changes and self.changes[-1].kind == "drop":
            # `手抓饼不要了，换成荠菜饺`
            left = self.changes.pop().picked
        slip = re.search("错|不对", self.text[verb.start : verb.end]) is not None
        if (
            (self.listed or (slip and all(i.quantity for i in left.items)))
            and left.items
            and not self.changes
        ):
            self.changes.append(Change("order", left))
        self.changes.append(Change("set", right, left if left.items else None))

    def _add(self, verb: Token, before: list[Token], after: list[Token]) -> None:
        first, target = _split_open(before)
        if first:
            self._plain(self._pick(first))
        self.changes.append(Change("add", self._pick(target + after)))

    def _less(self, verb: Token, before: list[Token], after: list[Token]) -> None:
        first, target = _split_open(before)
        if first:
            self._plain(self._pick(first))
        self.changes.append(Change("less", self._pick(target + after)))

    def _drop(self, verb: Token, before: list[Token], after: list[Token]) -> None:
        first, target = _split_open(before)
        attached = (
            bool(first) and first[-1].end == verb.start and first[-1].kind != kinds.SPACE and not target
        )
        has_goods = any(t.kind in (kinds.GOODS, kinds.OTHER) for t in after + target)
        if first and not self.listed and not target:
            self.changes.append(Change("drop", self._pick(first + after)))
            return
        if first:
            picked = self._pick(first)
            self._plain(picked)
            if attached and picked.items and not has_goods and len(picked.items) > 1:
                self.changes.append(Change("drop", Picked(picked.items[-1:], None, ())))
                return
        picked = self._pick(target + after)
        if picked.items:
            self.changes.append(Change("drop", picked))
        elif picked.bare:
            self.changes.append(Change("less", picked))
        else:
            self.changes.append(Change("cancel", NOTHING))


def _verbs(tokens: Sequence[Token]) -> list[Token]:
    return [t for t in tokens if t.kind in VERBS]


def _split_open(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """What was ordered before, and the goods just before the verb that have no number yet."""
    last = max((i for i, t in enumerate(tokens) if t.kind in (kinds.COUNT, kinds.BREAK)), default=-1)
    first, target = tokens[: last + 1], tokens[last + 1 :]
    if not any(t.kind in (kinds.GOODS, kinds.OTHER, kinds.ALL) for t in target):
        return (tokens, []) if any(t.kind in _ITEMS for t in first) else ([], tokens)
    return (first if any(t.kind in _ITEMS for t in first) else []), target
