"""The verbs of an order - order, add, change, swap, drop, subtract, cancel, the same as - and what each does to items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.items import Item, Picked
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.tokens import Token


@dataclass(frozen=True, slots=True)
class Change:
    """One verb with its goods. `kind`: order, add, set, less, drop, cancel, same; `left` is what a change starts from."""

    kind: str
    picked: Picked
    left: Picked | None = None
    line: int = 0
    """Of `same`: the list number pointed to, 0 for the line above."""


Items = dict[str, int]


class Book:
    """The items of one person while the changes of one line are applied. Nothing is kept if any is unclear."""

    def __init__(self, goods: Goods, items: Items, *, listed: bool, asked: bool, knew: bool) -> None:
        self.goods = goods
        self.items = dict(items)
        self.listed = listed
        self.asked = asked
        """The leader asks for a bare number."""
        self.knew = knew
        """The person had ordered before this line."""
        self.fresh = not items
        self.cancelled = False

    def apply(self, changes: Sequence[Change]) -> Items:
        """Apply all changes in order; the items that stand afterwards."""
        for change in changes:
            getattr(self, f"_{change.kind}")(change)
            if any(n < 0 for n in self.items.values()):
                raise Unclear("减掉的比订的还多")
            self.items = {c: n for c, n in self.items.items() if n}
        return self.items

    def _one(self, token: Token) -> str:
        """The offer a number without goods speaks of."""
        if len(self.goods.codes) == 1:
            code = self.goods.codes[0]
            if not self.goods.whole(code, token.unit):
                raise Unclear(f"写的是{token.unit}，不是整份，不能替人换算")
            return code
        fits = self.goods.sold_by(token.unit) if token.unit else set()
        if len(fits) == 1:
            return next(iter(fits))
        raise Unclear(f"有 {len(self.goods.codes)} 种商品，没有写要哪一种")

    def _held(self) -> str:
        if len(self.items) == 1:
            return next(iter(self.items))
        raise Unclear("订了几种，没有写改哪一种" if self.items else "前面没有订过")

    def _order(self, change: Change) -> None:
        wanted = self._wanted(change.picked)
        if change.picked.bare is not None and change.picked.bare.style == "minus":
            self.items[self._held()] -= change.picked.bare.number
            return
        minus = {i.offer for i in change.picked.items if i.minus}
        if any(c in self.items for c in wanted if c not in minus):
            raise Unclear("前面已经订过，不知道是又要一份还是重发")
        for code, number in wanted.items():
            if code in minus:
                self._take(code, number)
            else:
                self.items[code] = number

    def _wanted(self, picked: Picked) -> Items:
        """Items of a plain order: goods without a number count one."""
        wanted = {i.offer: 1 if i.quantity is None else i.quantity for i in picked.items}
        bare = picked.bare
        if bare is None or bare.style == "minus":
            return wanted
        code = self._one(bare)
        if bare.style == "bare" and not self.asked:
            raise Unclear("只有一个数字，看不出是不是数量")
        return {code: bare.number}

    def _add(self, change: Change) -> None:
        picked = change.picked
        if picked.bare is not None:
            code = self._held() if self.items else self._one(picked.bare)
            self._whole(code, picked.bare)
            self.items[code] = self.items.get(code, 0) + picked.bare.number
        for item in picked.items:
            number = 1 if item.quantity is None else item.quantity
            self.items[item.offer] = self.items.get(item.offer, 0) + number
        if picked.bare is None and not picked.items:
            raise Unclear("没有写加什么、加几份")

    def _whole(self, code: str, token: Token) -> None:
        if not self.goods.whole(code, token.unit):
            raise Unclear(f"写的是{token.unit}，不是整份，不能替人换算")

    def _take(self, code: str, number: int) -> None:
        if code not in self.items:
            raise Unclear("前面没有订过这一样")
        self.items[code] -= number

    def _less(self, change: Change) -> None:
        if change.picked.bare is not None:
            code = self._held()
            self._whole(code, change.picked.bare)
            self._take(code, change.picked.bare.number)
        for item in change.picked.items:
            self._take(item.offer, 1 if item.quantity is None else item.quantity)
        if change.picked.bare is None and not change.picked.items:
            raise Unclear("没有写减几份")

    def _drop(self, change: Change) -> None:
        for item in change.picked.items:
            if item.offer not in self.items:
                if change.picked.others or (self.listed and not self.items):
                    continue
                raise Unclear("前面没有订过这一样")
            if item.quantity is not None and item.quantity > self.items[item.offer]:
                raise Unclear("取消的比订的还多")
            self.items[item.offer] -= self.items[item.offer] if item.quantity is None else item.quantity

    def _cancel(self, change: Change) -> None:
        if not (self.listed or self.knew):
            raise Unclear("前面没有订过，不知道取消什么")
        self.items = {}
        self.cancelled = True

    def _set(self, change: Change) -> None:
        left = change.left
        if left and left.items:
            self._set_from(left.items, change.picked)
            return
        picked = change.picked
        if picked.bare is not None:
            code = self._held() if self.items else self._one(picked.bare)
            self._whole(code, picked.bare)
            self.items[code] = picked.bare.number
        elif not picked.items:
            raise Unclear("没有写改成什么")
        elif len(picked.items) > 1 or not self.items:
            if not (self.items or self.cancelled or self.knew or self.listed):
                raise Unclear("前面没有订过，不知道改什么")
            self.items = self._wanted(picked)
        else:
            self._swap(self._held(), picked.items[0], None)

    def _set_from(self, left: Sequence[Item], picked: Picked) -> None:
        if len(left) > 1 and (picked.bare is None or self.listed):
            raise Unclear("不知道哪一样改成哪一样")
        for item in left:
            if item.offer not in self.items:
                raise Unclear("前面没有订过这一样")
            if picked.bare is not None:
                self._whole(item.offer, picked.bare)
                self.items[item.offer] = picked.bare.number
        if picked.bare is not None:
            return
        if not picked.items:
            raise Unclear("没有写改成什么")
        if len(picked.items) == 1:
            self._swap(left[0].offer, picked.items[0], left[0].quantity)
            return
        del self.items[left[0].offer]
        for item in picked.items:
            self.items[item.offer] = self.items.get(item.offer, 0) + (item.quantity or 1)

    def _swap(self, old: str, new: Item, part: int | None) -> None:
        held = self.items[old]
        if old == new.offer:
            if new.quantity is None:
                raise Unclear("没有写改成几份")
            self.items[old] = new.quantity
            return
        moved = held if part is None else part
        if moved > held:
            raise Unclear("要换的比订的还多")
        self.items[old] = held - moved
        self.items[new.offer] = self.items.get(new.offer, 0) + (
            moved if new.quantity is None else new.quantity
        )

    def same(self, items: Items) -> None:
        """Take over what stood at another line."""
        if any(c in self.items for c in items):
            raise Unclear("前面已经订过，不知道是又要一份还是重发")
        self.items |= items

    def _same(self, change: Change) -> None:
        """The items were put in by whoever knows the other line."""
