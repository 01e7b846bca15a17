"""One act on many orders: each order by the phone's own verb and right, and with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.http import HttpRequest

from yantuan.desk import rules
from yantuan.desk.words import Words
from yantuan.fulfilment import actions as fulfilment
from yantuan.fulfilment.schemas import PickupIn
from yantuan.identity.models import Person
from yantuan.kernel.errors import AppError, Conflict, Invalid, NotFound
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.members import actions as members
from yantuan.members.models import Member
from yantuan.notices import asking
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments.models import OfflineProof
from yantuan.staff.access import guarded

AT_ONCE: Final = 20
"""Orders of one request; the page sends the next when these are done, so that its progress is seen."""
NOTE: Final = 300
REASON: Final = 100


@dataclass(frozen=True)
class Wish:
    """What is wanted of each order. `looked`: the person has one order before their eyes, doubts and all."""

    text: str = ""
    key: str = ""
    looked: bool = False


@dataclass(frozen=True)
class Done:
    """What to say of an act that went through; not `heard`: it is listed beside the refusals, for a look."""

    zh: str = "已完成"
    en: str = "Done"
    heard: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of one order."""

    order_id: str
    number: int | None
    done: bool
    code: str
    zh: str
    en: str


def _waiting_proof(order_id: int) -> OfflineProof:
    proof = OfflineProof.objects.filter(order_id=order_id, state="sent").order_by("-id").first()
    if proof is None:
        raise Conflict("no_proof_waiting", "没有等你确认的付款凭证", "No proof of payment is waiting.")
    return proof


def _confirm(person: Person, order: Order, wish: Wish) -> None:
    proof = _waiting_proof(order.id)
    if proof.flags and not wish.looked:
        raise Conflict(
            "proof_doubtful",
            "付款凭证有疑问，请打开订单看过再确认",
            "The proof is doubtful: open the order and look at it first.",
        )
    payments.confirm_proof(person, proof.id)


def _reject(person: Person, order: Order, wish: Wish) -> None:
    if len(wish.text) < 2:
        raise Invalid(
            "reason_needed", "写一句原因，买家会看到", "Write a reason; the buyer reads it.", field="text"
        )
    payments.reject_proof(person, _waiting_proof(order.id).id, wish.text[:REASON])


def _hand_out(person: Person, order: Order, wish: Wish) -> None:
    def work() -> Answer:
        fulfilment.hand_out(person, order.id, PickupIn())
        return 200, None

    once(f"pickup:{person.id}:{order.id}", check_key(f"desk:{wish.key}" if wish.key else ""), b"", work)


def _note(person: Person, order: Order, wish: Wish) -> None:
    """Many orders keep what is noted already; one order's note is replaced by what the person sees and changes."""
    with transaction.atomic():
        held = orders.lock_order(order.id)
        before = held.private_note
        text = wish.text if wish.looked else _added(before, wish.text)
        if len(text) > NOTE:
            raise Invalid("note_too_long", f"备注最多 {NOTE} 字", "The note gets too long.", field="text")
        if text != before:
            orders.set_private_note(held, text)


def _added(before: str, text: str) -> str:
    if not text:
        raise Invalid("note_needed", "写点什么再保存", "Write something first.", field="text")
    if text in before.split("；"):
        return before
    return f"{before}；{text}" if before else text


def _tag(person: Person, order: Order, wish: Wish) -> None:
    member = Member.objects.filter(store_id=order.store_id, person_id=order.person_id).first()
    if member is None:
        raise Conflict("not_a_member", "付过款的买家才能打标签", "Only buyers who have paid can be tagged.")
    members.add_tag(person, member.merged_into_id or member.id, wish.text)


_TOLD: Final[dict[asking.Told, Words]] = {
    "wechat": ("已提醒", "Reminded"),
    "morning": ("已提醒，微信消息早上 8 点再发", "Reminded; the WeChat message waits until 8:00"),
    "app": (
        "对方没有订阅微信消息，打开应用才看得到",
        "Not subscribed to WeChat messages; they see it when they open the app",
    ),
}


def _remind(person: Person, order: Order, wish: Wish) -> Done:
    told = asking.remind(person, order.id)
    return Done(*_TOLD[told], heard=told != "app")


@dataclass(frozen=True)
class Verb:
    """`operation` is the phone's route of the same act: its right, and its words in the log."""

    operation: str
    run: Callable[[Person, Order, Wish], Done | None]


VERBS: Final = {
    "confirm": Verb("confirm_payment_proof", _confirm),
    "reject": Verb("reject_payment_proof", _reject),
    "hand_out": Verb("hand_out_order", _hand_out),
    "remind": Verb("remind_unpaid_order", _remind),
    "note": Verb("write_order_note", _note),
    "tag": Verb("write_member", _tag),
}


def verb_of(name: str) -> Verb:
    """Raises Invalid `act_unknown`."""
    if name not in VERBS:
        raise Invalid("act_unknown", "没有这个操作", "No such act.", field="verb")
    return VERBS[name]


def act(
    request: HttpRequest, person: Person, store_id: int, verb: Verb, order_ids: list[int], wish: Wish
) -> list[Outcome]:
    """Do it to each; a refusal of one leaves the others alone. Raises Invalid `act_too_many`."""
    if len(order_ids) > AT_ONCE:
        raise Invalid("act_too_many", f"一次最多 {AT_ONCE} 个订单", "Too many orders at once.", field="ids")

    def one(request: HttpRequest, *, order_id: int) -> tuple[int, Done]:
        order = access_order_as_leader(person, order_id)
        if order.store_id != store_id:
            raise NotFound("没有找到这个订单", "No such order.")
        return order.number, verb.run(person, order, wish) or Done()

    watched = guarded(verb.operation, True, one)
    outcomes = []
    for order_id in dict.fromkeys(order_ids):
        try:
            number, done = watched(request, order_id=order_id)
        except AppError as error:
            seen = (
                Order.objects.filter(id=order_id, store_id=store_id).values_list("number", flat=True).first()
            )
            outcomes.append(Outcome(str(order_id), seen, False, error.code, error.zh, error.en))
        else:
            code = "" if done.heard else "not_heard"
            outcomes.append(Outcome(str(order_id), number, done.heard, code, done.zh, done.en))
    return outcomes


def wish_of(text: str, key: str, looked: str) -> Wish:
    """What a form sent, cleaned."""
    return Wish(
        rules.clean(text, NOTE), key[:80] if key.isascii() and key.isprintable() else "", looked == "1"
    )
