"""Somebody leaves: the person is gone from every table and from the disk, the skeleton of what they bought stays."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

import factories as make
from privacy.conftest import ADDRESS, OPENID, Trail, everything
from yantuan.identity import people
from yantuan.identity.models import Address, Channel, Person, Session
from yantuan.identity.phones import phone_of
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.leaders.models import Certification, InviteCode, Leader
from yantuan.media import files
from yantuan.media.models import Media
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.payments.models import PaymentAttempt, ProviderNotice
from yantuan.privacy import forgetting, scrub
from yantuan.reports.checks import run_checks
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("operator", 7)
MONEY = (
    "goods_fen",
    "freight_fen",
    "discount_fen",
    "total_fen",
    "paid_fen",
    "refunded_fen",
    "goods_text",
    "number",
    "placed_at",
)


def _money(order_id: int) -> dict[str, Any]:
    return Order.objects.values(*MONEY, "payment", "delivery", "aftersale").get(id=order_id)


def test_nothing_of_the_person_is_left_and_the_trade_stands(trail: Trail) -> None:
    order = make.received(make.order(trail.sale, trail.buyer))
    Order.objects.filter(id=order.id).update(
        remark="放门口，欧阳晓雾", answers=[{"label": "楼栋", "answer": "枫林里"}]
    )
    attempt = trail.paid_by_wechat(order)
    before, lines = _money(order.id), list(order.lines.values())
    events = list(order.events.order_by("id").values())
    pictures = list(Media.objects.filter(owner_id=trail.buyer.id))
    assert pictures and all(trace in everything() for trace in trail.traces if trace != trail.traces[1])
    forgetting.forget(trail.buyer.id, "本人来电要求注销", OPERATOR)
    outbox.drain()
    left = everything()
    assert [trace for trace in trail.traces if trace in left] == []
    for media in pictures:
        assert Media.objects.get(id=media.id).removed_at is not None
        assert not files.path_of(media.key).exists() and not files.path_of(media.key, thumb=True).exists()
    assert (_money(order.id), list(order.lines.values())) == (before, lines)
    assert list(order.events.order_by("id").values()) == events
    row = PaymentAttempt.objects.get(id=attempt.id)
    assert (row.paid_fen, row.transaction_id, row.state) == (
        order.total_fen,
        attempt.transaction_id,
        "succeeded",
    )
    assert json.loads(row.request_body) == {"out_trade_no": attempt.out_trade_no, "scene_info": {}}
    kept = json.loads(ProviderNotice.objects.get(business_no=attempt.out_trade_no).resource)
    assert kept == {"out_trade_no": attempt.out_trade_no, "amount": {"total": order.total_fen}}


def test_the_person_row_is_an_empty_shell(trail: Trail) -> None:
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    shell = Person.objects.get(id=trail.buyer.id)
    assert (shell.nickname, shell.phone_hash, shell.phone_sealed, shell.phone_last4) == (
        scrub.GONE,
        None,
        "",
        "",
    )
    assert shell.disabled_at is not None and not shell.show_in_lists
    for model in (Session, Channel, Address):
        assert not model.objects.filter(person=shell).exists()
    note = AuditEntry.objects.get(action="person.forget")
    assert (note.target_id, note.actor_id, note.reason, note.data) == (shell.id, 7, "本人要求", {})


def test_the_leader_still_reads_the_order_without_its_person(trail: Trail) -> None:
    order = make.received(make.order(trail.sale, trail.buyer))
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    shown = order_detail(Order.objects.get(id=order.id), "leader")
    assert (shown.recipient_name[0], shown.phone) == ("已", "") and "枫林里" not in shown.model_dump_json()
    assert shown.total_fen == order.total_fen


def test_the_self_check_is_content_with_a_shell(trail: Trail) -> None:
    make.received(make.order(trail.sale, trail.buyer))
    outbox.drain()
    before = {v.rule for v in run_checks().violations}
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    outbox.drain()
    assert {v.rule for v in run_checks().violations} == before


def test_who_comes_back_is_somebody_new(trail: Trail) -> None:
    phone = phone_of(trail.buyer.phone_sealed)
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    again = people.by_phone(phone)
    assert again.new and again.person.id != trail.buyer.id
    by_wechat = people.by_channel(people.Visitor("mini", "wx1", OPENID))
    assert by_wechat.new and by_wechat.person.id != trail.buyer.id


def _refused(trail: Trail, expected: dict[str, int]) -> None:
    before = everything()
    with pytest.raises(Conflict) as refused:
        forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    assert (refused.value.code, refused.value.details["obstacles"]) == ("person_busy", expected)
    assert everything() == before


def test_what_is_under_way_is_finished_first(trail: Trail) -> None:
    order = make.order(trail.sale, trail.buyer)
    _refused(trail, {"unpaid": 1})
    make.paid(order)
    _refused(trail, {"undelivered": 1})
    order.refresh_from_db()
    trail.paid_by_wechat(order, state="prepaid")
    _refused(trail, {"unpaid": 1, "undelivered": 1})


def test_an_open_case_and_its_refund_are_finished_first(trail: Trail) -> None:
    order = make.received(make.order(trail.sale, trail.buyer))
    make.aftersale(order)
    _refused(trail, {"aftersale": 1})


def test_a_leader_with_a_store_closes_it_first(trail: Trail) -> None:
    seller = Trail(trail.store, trail.sale, trail.store.leader.person)
    _refused(seller, {"store": 1})


def test_an_applicant_without_a_store_leaves_with_their_papers(trail: Trail) -> None:
    person = make.leader("王秀英")
    row = Certification.objects.get(leader__person=person)
    digest = row.id_number_hash
    forgetting.forget(person.id, "本人要求", OPERATOR)
    outbox.drain()
    row.refresh_from_db()
    leader = Leader.objects.get(person=person)
    assert (row.legal_name, row.id_number_sealed, row.id_number_tail) == (scrub.GONE, "", "")
    assert (leader.display_name, leader.may_sell, leader.suspend_reason) == (
        scrub.GONE,
        False,
        forgetting.LEFT,
    )
    assert not Media.objects.filter(owner_id=person.id, removed_at=None).exists()
    # Points at nobody, and keeps somebody who was banned from coming back under another name.
    assert row.id_number_hash == digest
    assert run_checks(["T2", "V1", "I1", "FL1"]).violations == []


def test_a_code_for_their_phone_opens_for_nobody_else(trail: Trail) -> None:
    digest = trail.buyer.phone_hash
    code = InviteCode.objects.create(
        code_hash="c" * 64, code_sealed="s" * 40, expires_at=now() + timedelta(days=9), phone_hash=digest,
        phone_last4="0001", note="给欧阳", created_at=now(),
    )  # fmt: skip
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    code.refresh_from_db()
    assert code.revoked_at is not None and code.phone_hash not in ("", digest)
    assert (code.phone_last4, code.note) == ("", "")


def test_again_changes_nothing_and_strangers_are_not_found(trail: Trail) -> None:
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    before = everything()
    forgetting.forget(trail.buyer.id, "再来一次", OPERATOR)
    assert everything() == before
    with pytest.raises(NotFound):
        forgetting.forget(12345, "本人要求", OPERATOR)


def test_a_reason_is_needed(trail: Trail) -> None:
    with pytest.raises(Invalid):
        forgetting.forget(trail.buyer.id, " ", OPERATOR)
    assert Person.objects.get(id=trail.buyer.id).phone_hash is not None


def test_an_order_placed_at_the_same_moment_is_blanked_when_it_is_over(trail: Trail) -> None:
    """It was on its way when the person left, so it is served first."""
    late = make.order(trail.sale, trail.buyer)
    Order.objects.filter(id=late.id).update(payment="paid", paid_fen=late.total_fen)
    with transaction.atomic():
        outbox.emit(forgetting.FORGOTTEN, {"person_id": str(trail.buyer.id)})
    outbox.drain()
    event = OutboxEvent.objects.get(topic=forgetting.FORGOTTEN)
    assert (event.state, event.attempts) == ("pending", 0)
    assert Order.objects.get(id=late.id).recipient_name != scrub.GONE
    Order.objects.filter(id=late.id).update(delivery="received")
    with frozen(now() + timedelta(hours=7)):
        outbox.drain()
    row = Order.objects.get(id=late.id)
    assert (row.recipient_name, row.phone_sealed, row.detail) == (scrub.GONE, "", "")


def test_a_crash_before_the_pictures_go_is_made_good(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    make.received(make.order(trail.sale, trail.buyer))

    def die(ids: Any) -> int:
        raise OSError("the disk is away")

    monkeypatch.setattr(forgetting, "remove", die)
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    outbox.drain()
    assert Media.objects.filter(owner_id=trail.buyer.id, removed_at=None).exists()
    monkeypatch.undo()
    with frozen(now() + timedelta(minutes=1)):
        outbox.drain()
    assert not Media.objects.filter(owner_id=trail.buyer.id, removed_at=None).exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("not json", ""),
        ("[1]", ""),
        ('{"a": 1}', '{"a": 1}'),
        (json.dumps({"payer": {"openid": OPENID}, "b": [{"payer": 1, "c": 2}]}), '{"b": [{"c": 2}]}'),
        (
            json.dumps({"scene_info": {"payer_client_ip": ADDRESS, "device_id": "d"}}),
            '{"scene_info": {"device_id": "d"}}',
        ),
    ],
)
def test_the_payer_is_cut_out_of_json(before: str, after: str) -> None:
    assert scrub.without_payer(before) == after


def test_stores_of_others_are_untouched(trail: Trail) -> None:
    before = Store.objects.values().get(id=trail.store.id)
    forgetting.forget(trail.buyer.id, "本人要求", OPERATOR)
    assert Store.objects.values().get(id=trail.store.id) == before
