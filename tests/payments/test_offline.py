"""The leader's own collection code: proofs, doubts, decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from payworld import Simulator, World, counts, fresh, make_world

from yantuan.kernel import clock
from yantuan.kernel.errors import Conflict, Invalid, NotFound
from yantuan.kernel.ids import short_code
from yantuan.kernel.models import AuditEntry
from yantuan.media.access import access_media
from yantuan.media.models import Media
from yantuan.orders.models import Order
from yantuan.orders.parts import more_actions
from yantuan.payments import closing
from yantuan.payments.actions import cancel, confirm_proof, reject_proof, send_proof
from yantuan.payments.models import OfflineProof


def _picture(owner_id: int, sha256: str = "a" * 64, purpose: str = "proof") -> Media:
    return Media.objects.create(
        key=short_code(22), owner_id=owner_id, purpose=purpose, private=True, mime="image/webp", width=9, height=9,
        size=9, sha256=sha256, created_at=clock.now(),
    )  # fmt: skip


def _sent(world: World) -> tuple[Order, OfflineProof]:
    order = world.order(method="offline")
    media = _picture(order.person_id)
    send_proof(order.person, order.id, media.id, "已转")
    return order, OfflineProof.objects.filter(order=order).latest("id")


def test_confirmed_twice_is_paid_once(world: World) -> None:
    order, proof = _sent(world)
    assert fresh(order).payment == "awaiting_confirmation" and proof.flags == []
    with clock.frozen(clock.now() + timedelta(days=9)):
        assert closing.expire_due() == 0
    for _ in range(2):
        confirm_proof(world.leader_person, proof.id)
    paid = fresh(order)
    assert (paid.payment, paid.paid_fen) == ("paid", order.total_fen)
    assert counts(world.offers[0]) == (9, 0, 1)
    assert AuditEntry.objects.filter(action="proof.confirmed").count() == 1
    with pytest.raises(Conflict) as late:
        reject_proof(world.leader_person, proof.id, "没收到")
    assert late.value.code == "proof_decided"


def test_rejected_may_be_sent_again_with_a_fresh_deadline(world: World) -> None:
    order, proof = _sent(world)
    with clock.frozen(clock.now() + timedelta(hours=20)):
        reject_proof(world.leader_person, proof.id, "没有到账")
        reject_proof(world.leader_person, proof.id, "没有到账")
        assert fresh(order).expires_at == clock.now() + timedelta(hours=24)
    assert fresh(order).payment == "unpaid"
    send_proof(order.person, order.id, None, "再看看")
    second = OfflineProof.objects.latest("id")
    assert second.flags == ["repeated"] and fresh(order).flags == ["proof_repeated"]


def test_a_picture_seen_before_is_flagged_not_refused(world: World) -> None:
    _sent(world)
    _, second = _sent(world)
    assert second.flags == ["reused"]
    assert Order.objects.get(id=second.order_id).flags == ["proof_reused"]


def test_what_is_no_proof(world: World) -> None:
    order = world.order(method="offline")
    foreign = _picture(world.buyer().id)
    other_use = _picture(order.person_id, purpose="after_sale")
    for media_id in (foreign.id, other_use.id, 5):
        with pytest.raises(Invalid):
            send_proof(order.person, order.id, media_id, "")
    with pytest.raises(NotFound):
        send_proof(world.buyer(), order.id, None, "")
    with pytest.raises(Conflict) as online:
        wechat = world.order()
        send_proof(wechat.person, wechat.id, None, "")
    assert online.value.code == "proof_not_fitting"
    send_proof(order.person, order.id, None, "")
    with pytest.raises(Conflict) as again:
        send_proof(order.person, order.id, None, "")
    assert again.value.code == "proof_already_sent"
    with pytest.raises(Conflict) as waiting:
        cancel(order.person, order.id, "")
    assert waiting.value.code == "proof_pending"
    with pytest.raises(NotFound):
        confirm_proof(make_world().leader_person, OfflineProof.objects.get().id)
    assert fresh(order).payment == "awaiting_confirmation" and fresh(order).paid_fen == 0


def _late(units: int) -> tuple[World, Order, OfflineProof]:
    world = make_world(units=units)
    order = world.order(method="offline")
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert closing.expire_due() == 1
        send_proof(order.person, order.id, None, "昨天就转了")
    return world, order, OfflineProof.objects.get()


def test_a_late_proof_is_the_leaders_to_decide(db: None, sim: Simulator) -> None:
    world, order, proof = _late(10)
    closed = fresh(order)
    assert (closed.payment, closed.flags, proof.flags) == ("closed", ["proof_late"], ["late"])
    assert more_actions(closed, "leader") == ["confirm_payment"] and more_actions(closed, "buyer") == []
    confirm_proof(world.leader_person, proof.id)
    assert fresh(order).payment == "paid" and counts(world.offers[0]) == (9, 0, 1)


def test_a_late_proof_without_stock_can_only_be_rejected(db: None, sim: Simulator) -> None:
    world, order, proof = _late(1)
    world.order()
    with pytest.raises(Conflict) as gone:
        confirm_proof(world.leader_person, proof.id)
    assert gone.value.code == "stock_gone"
    assert (fresh(order).payment, fresh(order).paid_fen) == ("closed", 0)
    assert OfflineProof.objects.get().state == "sent"
    reject_proof(world.leader_person, proof.id, "已退回")
    assert fresh(order).payment == "closed" and more_actions(fresh(order), "leader") == []
    assert more_actions(fresh(order), "buyer") == ["send_proof"]


def test_only_buyer_and_leader_see_the_picture(world: World) -> None:
    order, proof = _sent(world)
    media_id = int(proof.media_id or 0)
    assert access_media(order.person, media_id).id == media_id
    assert access_media(world.leader_person, media_id).id == media_id
    for stranger in (world.buyer(), make_world().leader_person):
        with pytest.raises(NotFound):
            access_media(stranger, media_id)
