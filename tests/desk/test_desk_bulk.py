"""Acts on many orders: each by the phone's own verb and right, with an outcome of its own, and on record for helpers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from desk_world import DeskWorld, browser, helper
from django.test import Client

import factories as make
from yantuan.desk import bulk
from yantuan.fulfilment.models import PickupCheck
from yantuan.kernel.models import AuditEntry
from yantuan.members.counting import count
from yantuan.members.models import Member, MemberTag
from yantuan.members.rules import MAX_TAGS
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order
from yantuan.payments.models import OfflineProof
from yantuan.staff.models import StaffAct

pytestmark = pytest.mark.django_db


def act(client: Client, world: DeskWorld, verb: str, *names: str, **fields: str) -> Any:
    """What became of each order, by its name."""
    chosen = ",".join(str(world.orders[name].id) for name in names)
    answer = client.post(
        f"{world.path}/orders/act", {"verb": verb, "ids": chosen, **fields}, headers={"X-Desk-Piece": "1"}
    )
    if answer.status_code != 200:
        return answer.status_code, answer.json()["code"]
    rows = {int(row["id"]): row for row in answer.json()["outcomes"]}
    return {name: rows[world.orders[name].id]["code"] or "done" for name in names}


def fresh(world: DeskWorld, name: str) -> Order:
    return Order.objects.get(id=world.orders[name].id)


def test_confirming_many_leaves_those_that_dont_fit(world: DeskWorld) -> None:
    told = act(browser(world.leader), world, "confirm", "proven", "unpaid", "paid")
    assert told == {"proven": "done", "unpaid": "no_proof_waiting", "paid": "no_proof_waiting"}
    assert [fresh(world, name).payment for name in ("proven", "unpaid", "paid")] == ["paid", "unpaid", "paid"]


def test_a_doubtful_proof_is_confirmed_only_by_who_looked_at_it(world: DeskWorld) -> None:
    OfflineProof.objects.filter(order=world.orders["proven"]).update(flags=["reused"])
    leader = browser(world.leader)
    assert act(leader, world, "confirm", "proven") == {"proven": "proof_doubtful"}
    assert fresh(world, "proven").payment == "awaiting_confirmation"
    assert act(leader, world, "confirm", "proven", looked="1") == {"proven": "done"}
    assert fresh(world, "proven").payment == "paid"


def test_reminding_says_of_each_what_became_of_it(world: DeskWorld) -> None:
    leader = browser(world.leader)
    told = act(leader, world, "remind", "unpaid", "proven", "paid")
    assert told == {"unpaid": "not_heard", "proven": "order_not_unpaid", "paid": "order_not_unpaid"}
    asked = InboxMessage.objects.filter(kind="order_unpaid")
    assert [one.order_id for one in asked] == [world.orders["unpaid"].id]
    assert act(leader, world, "remind", "unpaid") == {"unpaid": "reminded_lately"}
    assert asked.count() == 1
    for right, answer in (("shipping", "not_found"), ("orders", "reminded_lately")):
        assert act(browser(helper(world, right)), world, "remind", "unpaid") == {"unpaid": answer}  # type: ignore[arg-type]


def test_rejecting_needs_a_reason(world: DeskWorld) -> None:
    leader = browser(world.leader)
    assert act(leader, world, "reject", "proven", text="") == {"proven": "reason_needed"}
    assert act(leader, world, "reject", "proven", text="没有到账") == {"proven": "done"}
    assert fresh(world, "proven").payment == "unpaid"
    assert OfflineProof.objects.get(order=world.orders["proven"]).reason == "没有到账"


def test_handing_out_with_the_same_key_happens_once(world: DeskWorld) -> None:
    leader = browser(world.leader)
    assert act(leader, world, "hand_out", "to_pick") == {"to_pick": "idempotency_key_needed"}
    assert not PickupCheck.objects.exists()
    told = act(leader, world, "hand_out", "to_pick", "paid", key="k1")
    assert told == {"to_pick": "done", "paid": "order_is_courier"}
    assert act(leader, world, "hand_out", "to_pick", key="k1") == {"to_pick": "done"}
    assert act(leader, world, "hand_out", "to_pick", key="k2") == {"to_pick": "already_picked"}
    assert PickupCheck.objects.filter(order=world.orders["to_pick"]).count() == 1


def test_a_note_is_added_to_many_and_replaced_on_one(world: DeskWorld) -> None:
    leader = browser(world.leader)
    Order.objects.filter(id=world.orders["paid"].id).update(private_note="放门口")
    told = act(leader, world, "note", "paid", "shipped", text="冷链")
    assert told == {"paid": "done", "shipped": "done"}
    assert act(leader, world, "note", "paid", text="冷链") == {"paid": "done"}
    assert (fresh(world, "paid").private_note, fresh(world, "shipped").private_note) == (
        "放门口；冷链",
        "冷链",
    )
    assert act(leader, world, "note", "paid", text="") == {"paid": "note_needed"}
    assert act(leader, world, "note", "paid", text="雁" * 298) == {"paid": "note_too_long"}
    assert fresh(world, "paid").private_note == "放门口；冷链"
    assert act(leader, world, "note", "paid", text="", looked="1") == {"paid": "done"}
    assert fresh(world, "paid").private_note == ""


def test_a_tag_lands_on_the_buyer_and_beside_others(world: DeskWorld) -> None:
    person = world.orders["paid"].person_id
    count(world.store.id, [person])
    member = Member.objects.get(person_id=person)
    Member.objects.filter(id=member.id).update(note="爱吃葡萄")
    MemberTag.objects.create(member=member, store_id=world.store.id, name="老客")
    leader = browser(world.leader)
    told = act(leader, world, "tag", "paid", "unpaid", text="群一")
    assert told == {"paid": "done", "unpaid": "not_a_member"}
    assert act(leader, world, "tag", "paid", text="群一") == {"paid": "done"}
    assert act(leader, world, "tag", "paid", text="") == {"paid": "tag_needed"}
    assert sorted(member.tags.values_list("name", flat=True)) == ["群一", "老客"]
    assert Member.objects.get(id=member.id).note == "爱吃葡萄"
    for n in range(MAX_TAGS - 2):
        MemberTag.objects.create(member=member, store_id=world.store.id, name=f"t{n}")
    assert act(leader, world, "tag", "paid", text="再来") == {"paid": "too_many_tags"}


def test_a_helper_does_only_what_their_rights_open_and_each_order_is_on_record(world: DeskWorld) -> None:
    person = helper(world, "pickup")
    client = browser(person)
    assert act(client, world, "confirm", "proven") == {"proven": "not_found"}
    assert act(client, world, "tag", "paid", text="老客") == {"paid": "not_found"}
    assert fresh(world, "proven").payment == "awaiting_confirmation"
    assert not StaffAct.objects.exists()
    assert act(client, world, "hand_out", "to_pick", "paid", key="k") == {
        "to_pick": "done",
        "paid": "order_is_courier",
    }
    acts = StaffAct.objects.filter(person=person).order_by("id")
    assert [(one.operation, one.target["order_id"], one.outcome) for one in acts] == [
        ("hand_out_order", str(world.orders["to_pick"].id), "done"),
        ("hand_out_order", str(world.orders["paid"].id), "order_is_courier"),
    ]
    assert act(browser(helper(world, "money")), world, "note", "paid", text="x") == (404, "not_found")


def test_orders_of_another_store_are_absent_even_to_the_same_leader(world: DeskWorld) -> None:
    second = make.store(world.leader, name="第二家店")
    client = browser(world.leader)
    order = world.orders["proven"]
    answer = client.post(
        f"/desk/{second.id}/orders/act",
        {"verb": "confirm", "ids": str(order.id)},
        headers={"X-Desk-Piece": "1"},
    )
    assert answer.json()["outcomes"] == [
        {"id": str(order.id), "number": None, "done": False, "code": "not_found", "text": "没有找到这个订单"}
    ]
    stranger = browser(make.leader("别的团长"))
    assert act(stranger, world, "confirm", "proven") == (404, "not_found")
    assert fresh(world, "proven").payment == "awaiting_confirmation"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"verb": "delete", "ids": "1"}, "act_unknown"),
        ({"verb": "note", "ids": ""}, "orders_needed"),
        ({"verb": "note", "ids": "1,x"}, "orders_needed"),
        ({"verb": "note", "ids": ",".join(str(n) for n in range(1, bulk.AT_ONCE + 2))}, "act_too_many"),
    ],
)
def test_unreadable_wishes_change_nothing(world: DeskWorld, fields: dict[str, str], code: str) -> None:
    answer = browser(world.leader).post(
        f"{world.path}/orders/act", {"text": "x", **fields}, headers={"X-Desk-Piece": "1"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Order.objects.exclude(private_note="").exists()


def test_without_the_script_the_outcomes_are_a_page(world: DeskWorld) -> None:
    order = world.orders["proven"]
    page = browser(world.leader).post(f"{world.path}/orders/act", {"verb": "confirm", "ids": str(order.id)})
    assert page.status_code == 200 and f"#{order.number}" in page.content.decode()
    assert "已完成" in page.content.decode()


def test_revealing_is_as_on_the_phone(world: DeskWorld) -> None:
    def reveal(client: Client, name: str) -> Any:
        return client.post(
            f"{world.path}/orders/{world.orders[name].id}/reveal", headers={"X-Desk-Piece": "1"}
        )

    phone = make.phone_of(world.orders["paid"].phone_sealed)
    assert reveal(browser(world.leader), "paid").json()["phone"] == phone
    assert reveal(browser(world.leader), "unpaid").json()["code"] == "recipient_hidden"
    assert reveal(browser(helper(world, "orders")), "paid").status_code == 404
    assert AuditEntry.objects.filter(action="order.reveal").count() == 1


def sheet(client: Client, world: DeskWorld, query: str, **more: str) -> Any:
    answer = client.post(f"{world.path}/orders/sheet", {"query": query, **more})
    if answer.status_code != 200:
        return answer.status_code
    book = openpyxl.load_workbook(BytesIO(answer.content))
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def test_the_sheet_is_the_table_with_its_columns_and_masks(world: DeskWorld) -> None:
    paid = world.orders["paid"]
    rows = sheet(browser(world.leader), world, "tab=to_ship&cols=id,number,total,phone,delivery")
    assert rows[0] == ["订单号", "跟团号", "金额", "手机", "配送"]
    phone = make.phone_of(paid.phone_sealed)
    assert rows[1:] == [
        [str(paid.id), paid.number, paid.total_fen / 100, f"{phone[:3]}****{phone[-4:]}", "待发货"]
    ]
    chosen = sheet(
        browser(world.leader), world, "cols=id&sort=old", ids=f"{world.orders['shipped'].id},{paid.id}"
    )
    assert {row[0] for row in chosen[1:]} == {str(paid.id), str(world.orders["shipped"].id)}
    entry = AuditEntry.objects.filter(action="desk.export").latest("seq")
    assert (entry.data["orders"], entry.store_id) == (2, world.store.id)


def test_the_sheet_has_its_right_and_its_size(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheet(browser(helper(world, "orders")), world, "tab=all") == 404
    assert len(sheet(browser(helper(world, "data")), world, "tab=all")) == 6
    assert sheet(browser(world.leader), world, "tab=closed") == 409
    monkeypatch.setattr("yantuan.desk.export.most", lambda: 4)
    assert sheet(browser(world.leader), world, "tab=all") == 409
    assert AuditEntry.objects.filter(action="desk.export").count() == 1


def test_a_goods_name_is_never_a_formula(world: DeskWorld) -> None:
    Order.objects.filter(id=world.orders["paid"].id).update(remark="=1+1")
    rows = sheet(browser(world.leader), world, "tab=to_ship&cols=remark")
    assert rows == [["买家留言"], ["=1+1"]]
