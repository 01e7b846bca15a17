"""Helpers of a store from the invitation to the revocation, through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

import factories as make
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.models import AuditEntry
from yantuan.privacy.forgetting import forget
from yantuan.staff.access import reach
from yantuan.staff.models import StaffAct, StaffInvite, StaffMember
from yantuan.stores.models import Store
from yantuan.stores.staff_actions import MAX_STAFF

pytestmark = pytest.mark.django_db


def client_of(person: Person) -> Client:
    client = Client(headers={CLIENT_HEADER: "h5"})
    client.cookies[sessions.COOKIE] = sessions.start(person, "h5")
    return client


class Shop:
    """A store, its leader, and a paid order."""

    def __init__(self) -> None:
        self.leader = make.leader("林小满")
        self.store = make.store(self.leader)
        self.sale = make.group_buy(self.store, [make.product(self.store)])
        self.order = make.paid(make.order(self.sale, make.person("陈阿姨")))
        self.web = client_of(self.leader)
        self.base = f"/api/leader/stores/{self.store.id}"

    def invite(self, *rights: str) -> dict[str, Any]:
        body = {"rights": list(rights), "note": "小王"}
        answer = self.web.post(f"{self.base}/staff-invites", body, "application/json")
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def helper(self, *rights: str) -> tuple[Client, str]:
        web = client_of(make.person("王帮手"))
        answer = web.post(f"/api/staff-invites/{self.invite(*rights)['token']}/accept")
        assert answer.status_code == 200, answer.content
        return web, answer.json()["id"]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def code(answer: Any) -> str:
    return str(answer.json().get("code"))


def test_a_helper_does_what_the_rights_allow_and_sees_what_they_are(shop: Shop) -> None:
    web, _ = shop.helper("orders")
    mine = web.get("/api/leader/stores").json()
    assert [(s["id"], s["owned"], s["rights"]) for s in mine] == [(str(shop.store.id), False, ["orders"])]
    assert web.get(f"{shop.base}/orders?tab=all").json()["items"][0]["id"] == str(shop.order.id)
    refused = web.post(
        f"/api/leader/orders/{shop.order.id}/ship", {}, "application/json", headers={"Idempotency-Key": "k1"}
    )
    assert refused.status_code in (404, 422)
    assert web.get(f"{shop.base}/summary").status_code == 404
    assert shop.web.get("/api/leader/stores").json()[0]["owned"] is True


def test_an_invitation_serves_one_person_once(shop: Shop) -> None:
    token = shop.invite("orders", "data")["token"]
    seen = client_of(make.person("王帮手")).get(f"/api/staff-invites/{token}").json()
    assert (seen["store_name"], seen["rights"], seen["mine"]) == (shop.store.name, ["orders", "data"], False)
    first = client_of(make.person("先到"))
    assert first.post(f"/api/staff-invites/{token}/accept").status_code == 200
    again = first.post(f"/api/staff-invites/{token}/accept")
    assert again.status_code == 200
    late = client_of(make.person("后到")).post(f"/api/staff-invites/{token}/accept")
    assert (late.status_code, code(late)) == (422, "staff_invite_invalid")
    assert StaffMember.objects.count() == 1


@pytest.mark.parametrize("how", ["expired", "cancelled", "unknown"])
def test_an_ended_invitation_lets_nobody_in(shop: Shop, how: str) -> None:
    made = shop.invite("orders")
    token = made["token"]
    if how == "expired":
        StaffInvite.objects.update(expires_at=now() - timedelta(seconds=1))
    elif how == "cancelled":
        assert shop.web.delete(f"{shop.base}/staff-invites/{made['id']}").status_code == 200
    else:
        token = "x" * 32
    answer = client_of(make.person("王帮手")).post(f"/api/staff-invites/{token}/accept")
    assert (answer.status_code, code(answer)) == (422, "staff_invite_invalid")
    assert StaffMember.objects.count() == 0


def test_a_revoked_helper_is_out_with_the_next_request(shop: Shop) -> None:
    web, member = shop.helper("orders")
    orders = f"{shop.base}/orders?tab=all"
    assert web.get(orders).status_code == 200
    assert shop.web.delete(f"{shop.base}/staff/{member}").status_code == 200
    assert web.get(orders).status_code == 404
    assert web.get("/api/leader/stores").json() == []
    assert shop.web.delete(f"{shop.base}/staff/{member}").status_code == 404


def test_changed_rights_hold_at_once(shop: Shop) -> None:
    web, member = shop.helper("orders")
    body = {"rights": ["money"], "note": "账房"}
    changed = shop.web.put(f"{shop.base}/staff/{member}", body, "application/json").json()
    assert (changed["rights"], changed["note"]) == (["money"], "账房")
    assert web.get(f"{shop.base}/orders?tab=all").status_code == 404
    assert web.get(f"{shop.base}/summary").status_code == 200


def test_only_the_leader_gives_rights(shop: Shop) -> None:
    web, member = shop.helper(*["orders", "shipping", "pickup", "aftersales", "money", "data", "goods"])
    body = {"rights": ["orders"], "note": ""}
    answers = [
        web.get(f"{shop.base}/staff"),
        web.post(f"{shop.base}/staff-invites", body, "application/json"),
        web.put(f"{shop.base}/staff/{member}", body, "application/json"),
        web.delete(f"{shop.base}/staff/{member}"),
        web.get(f"{shop.base}/staff-acts"),
        web.put(f"{shop.base}", {}, "application/json"),
    ]
    assert [a.status_code for a in answers] == [404, 404, 404, 404, 404, 422]
    assert StaffMember.objects.get().may_goods


def test_a_helper_of_one_store_is_a_stranger_in_the_leaders_other_one(shop: Shop) -> None:
    web, _ = shop.helper("orders", "goods", "money")
    other = make.store(shop.leader)
    assert web.get(f"/api/leader/stores/{other.id}/orders?tab=all").status_code == 404
    assert web.get(f"/api/leader/stores/{other.id}").status_code == 404


def test_what_a_helper_writes_is_on_record_with_its_outcome(shop: Shop) -> None:
    web, _ = shop.helper("orders")
    note = f"/api/leader/orders/{shop.order.id}/note"
    assert web.put(note, {"private_note": "放门口"}, "application/json").status_code == 200
    assert web.get(f"{shop.base}/orders?tab=all").status_code == 200
    assert list(StaffAct.objects.values_list("operation", "outcome", "target")) == [
        ("write_order_note", "done", {"order_id": str(shop.order.id)})
    ]
    assert shop.web.put(note, {"private_note": "团长写的"}, "application/json").status_code == 200
    shown = shop.web.get(f"{shop.base}/staff-acts").json()["items"]
    assert [(a["text"], a["nickname"], a["note"], a["outcome"]) for a in shown] == [
        ("写备注", "王帮手", "小王", "done")
    ]


def test_a_refused_act_is_on_record_as_refused(shop: Shop) -> None:
    web, _ = shop.helper("goods")
    answer = web.delete(f"/api/leader/group-buys/{shop.sale.id}")
    assert (answer.status_code, code(answer)) == (409, "only_drafts")
    assert list(StaffAct.objects.values_list("operation", "outcome")) == [("delete_group_buy", "only_drafts")]


def test_the_leader_and_a_helper_cannot_come_in_twice(shop: Shop) -> None:
    own = shop.web.post(f"/api/staff-invites/{shop.invite('orders')['token']}/accept")
    assert (own.status_code, code(own)) == (409, "own_store")
    web, _ = shop.helper("orders")
    twice = web.post(f"/api/staff-invites/{shop.invite('data')['token']}/accept")
    assert (twice.status_code, code(twice)) == (409, "already_staff")
    assert StaffInvite.objects.filter(used_at=None).count() == 2


def test_there_is_a_limit(shop: Shop) -> None:
    for _ in range(MAX_STAFF):
        shop.invite("orders")
    answer = shop.web.post(f"{shop.base}/staff-invites", {"rights": ["orders"]}, "application/json")
    assert (answer.status_code, code(answer)) == (409, "too_many_staff")
    assert StaffInvite.objects.count() == MAX_STAFF


def test_a_helper_may_leave(shop: Shop) -> None:
    web, _ = shop.helper("orders")
    assert web.delete(f"/api/me/staff/{shop.store.id}").status_code == 200
    assert web.get("/api/leader/stores").json() == []
    assert web.delete(f"/api/me/staff/{shop.store.id}").status_code == 404


def test_every_change_of_rights_is_audited(shop: Shop) -> None:
    _, member = shop.helper("orders")
    shop.web.delete(f"{shop.base}/staff/{member}")
    actions = AuditEntry.objects.filter(action__startswith="staff.").order_by("seq")
    assert list(actions.values_list("action", flat=True)) == ["staff.invite", "staff.accept", "staff.revoke"]


def test_outside_of_an_operation_only_the_owner_gets_in(shop: Shop) -> None:
    shop.helper("orders", "goods")
    person = StaffMember.objects.get().person
    rows = Store.objects.filter(id=shop.store.id)
    assert reach(person, rows, "") is None
    assert reach(shop.leader, rows, "") == shop.store


def test_a_helper_who_leaves_the_product_has_no_place_left(shop: Shop) -> None:
    web, _ = shop.helper("orders")
    forget(StaffMember.objects.get().person_id, "本人要求", Actor("operator", 1))
    member = StaffMember.objects.get()
    assert member.revoked_at is not None and member.note == ""
    assert web.get(f"{shop.base}/orders?tab=all").status_code == 401
