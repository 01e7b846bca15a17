"""A refund at the desk: what the form says, what it comes to, and the phone's own verb behind it. Each step says what is wrong in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest, QueryDict

from yantuan.desk import rules
from yantuan.identity import stepup
from yantuan.identity.limits import address_of
from yantuan.identity.models import Person, Session
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.kernel.ids import new_token
from yantuan.kernel.money import parse_yuan
from yantuan.orders.models import Order, OrderLine
from yantuan.payments import actions
from yantuan.payments.queries import left_of_lines
from yantuan.payments.rules import RefundPart, Wish
from yantuan.payments.schemas import LeaderRefundIn, RefundLineIn

REASON: Final = 80
_MOST_DIGITS: Final = 4


@dataclass(frozen=True)
class Row:
    """One line of the order in the form: what can still go back, and what was typed."""

    id: int
    title: str
    left: int
    left_fen: int
    pieces: str = ""
    amount: str = ""


@dataclass(frozen=True)
class Typed:
    """The form as the person left it."""

    key: str
    part: bool = False
    freight: bool = False
    restock: bool = False
    reason: str = ""
    rows: Sequence[Row] = field(default_factory=tuple)


@dataclass(frozen=True)
class Planned:
    """What goes back, line by line, and what is left afterwards; fen."""

    lines: Sequence[tuple[str, RefundPart]]
    total_fen: int
    freight_fen: int
    rest_fen: int

    @property
    def pieces(self) -> int:
        """Pieces that come back with the money."""
        return sum(part.quantity for _, part in self.lines)


def _title(line: OrderLine) -> str:
    return f"{line.title} · {line.sku_name}" if line.sku_name else line.title


def typed(order: Order, form: QueryDict | None = None) -> Typed:
    """What a form holds; without one, a new form as the phone begins it."""
    lines = list(OrderLine.objects.filter(order_id=order.id).order_by("position", "id"))
    given = form if form is not None else QueryDict()
    rows = [
        Row(
            line.id, _title(line), left.quantity, left.goods_fen,
            rules.clean(given.get(f"pieces_{line.id}", ""), 8), rules.clean(given.get(f"amount_{line.id}", ""), 16),
        )
        for line, left in zip(lines, left_of_lines(lines), strict=True)
    ]  # fmt: skip
    if form is None:
        return Typed(new_token(12), restock=order.delivery in ("none", "awaiting_pickup"), rows=rows)
    key = given.get("key", "")
    return Typed(
        key if key.isascii() and key.isprintable() and len(key) <= 40 else "", given.get("what") == "part",
        given.get("freight") == "1", given.get("restock") == "1", rules.clean(given.get("reason", ""), REASON), rows,
    )  # fmt: skip


def left_fen(order: Order) -> int:
    """What neither went back nor is on its way back, freight included."""
    return sum(one.goods_fen + one.freight_fen for one in left_of_lines(list(order.lines.all())))


def _line(row: Row) -> RefundLineIn | None:
    if row.pieces in ("", "0"):
        if row.amount:
            raise Invalid(
                "pieces_needed", f"「{row.title}」先填退几件", "Say how many pieces go back.", field="pieces"
            )
        return None
    if not (row.pieces.isascii() and row.pieces.isdigit() and len(row.pieces) <= _MOST_DIGITS):
        raise Invalid(
            "pieces_invalid", f"「{row.title}」的件数不对", "Not a number of pieces.", field="pieces"
        )
    amount = parse_yuan(row.amount) if row.amount else None
    return RefundLineIn(order_line_id=row.id, quantity=int(row.pieces), amount_fen=amount)


def wish_of(filled: Typed) -> LeaderRefundIn:
    """The phone's request of the same meaning. Raises Invalid for what can't be read."""
    if len(filled.reason) < 1:
        raise Invalid(
            "reason_needed",
            "写一句退款原因，买家会看到",
            "Write a reason; the buyer reads it.",
            field="reason",
        )
    lines = [one for one in map(_line, filled.rows) if one] if filled.part else []
    if filled.part and not lines:
        raise Invalid("nothing_chosen", "填上要退的件数", "Say how many pieces go back.", field="pieces")
    return LeaderRefundIn(
        lines=lines,
        include_freight=filled.freight or not filled.part,
        reason=filled.reason,
        restock=filled.restock,
    )


def _wishes(body: LeaderRefundIn) -> list[Wish]:
    return [Wish(one.order_line_id, one.quantity, one.amount_fen) for one in body.lines]


def planned(order: Order, filled: Typed) -> Planned:
    """What it comes to now; nothing is written. Raises what the form or the order refuses."""
    body = wish_of(filled)
    parts = actions.parts_of(order.id, _wishes(body), include_freight=body.include_freight)
    if not parts:
        raise Conflict("nothing_to_refund", "没有可退的金额了", "Nothing is left to refund.")
    names = {row.id: row.title for row in filled.rows}
    goods, freight = sum(one.goods_fen for one in parts), sum(one.freight_fen for one in parts)
    return Planned(
        [(names[one.order_line_id], one) for one in parts],
        goods + freight,
        freight,
        left_fen(order) - goods - freight,
    )


def prove(request: HttpRequest, person: Person, code: str) -> None:
    """A typed code makes this session believed, as on the phone. Raises as `stepup.confirm`."""
    session = vars(request).get("signed_session")
    if code and isinstance(session, Session):
        stepup.confirm(person, session.id, code, address_of(request))
        session.refresh_from_db()


def start(request: HttpRequest, person: Person, order: Order, filled: Typed) -> None:
    """Start it once per key, by the phone's verb. Raises what `refund_as_leader` raises."""
    body = wish_of(filled)

    def work() -> Answer:
        refund = actions.refund_as_leader(
            person, order.id, _wishes(body), include_freight=body.include_freight, reason=body.reason,
            restock=body.restock, confirmed_at=stepup.confirmed_at(request),
        )  # fmt: skip
        return 200, {"refund_id": str(refund.id)}

    key = check_key(f"desk:{filled.key}" if filled.key else "")
    once(f"refund:{person.id}:{order.id}", key, body.model_dump_json().encode(), work)
