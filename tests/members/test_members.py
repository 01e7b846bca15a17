"""Members of a store: figures, notes, tags, levels, blocking and merging, through the API."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.test import Client

import factories as make
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import AuditEntry
from yantuan.members import counting
from yantuan.members.counting import count_new
from yantuan.members.models import Counted, Member
from yantuan.members.rules import Level, check_levels, level_of, refund_rate_percent
from yantuan.orders.models import Order
from yantuan.payments.actions import confirm_offline_refund, refund_as_leader
from yantuan.stores.models import BlockedBuyer

pytestmark = pytest.mark.django_db


def client_of(person: Person) -> Client:
    client = Client(headers={CLIENT_HEADER: "h5"})
    client.cookies[sessions.COOKIE] = sessions.start(person, "h5")
    return client


class Shop:
    """A store with two buyers: 陈阿姨 has paid three orders, 赵子墨 one."""

    def __init__(self) -> None:
        self.leader = make.leader("林小满")
        self.store = make.store(self.leader)
        self.sale = make.group_buy(self.store, [make.product(self.store, prices=(1000,))])
        self.chen, self.zhao = make.person("陈阿姨"), make.person("赵子墨")
        self.orders = [make.paid(make.order(self.sale, self.chen)) for _ in range(3)]
        make.order(self.sale, self.chen)
        make.paid(make.order(self.sale, self.zhao))
        self.web = client_of(self.leader)
        self.base = f"/api/leader/stores/{self.store.id}"

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.web.get(f"{self.base}/members", query)
        assert answer.status_code == 200, answer.content
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def member(self, person: Person) -> str:
        return str(Member.objects.get(person=person).id)


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    count_new()
    return made


def code(answer: Any) -> str:
    return str(answer.json().get("code"))


def test_figures_are_those_of_paid_orders(shop: Shop) -> None:
    paid = sum(Order.objects.filter(person=shop.chen).values_list("paid_fen", flat=True))
    rows = {row["name"]: row for row in shop.rows(sort="orders")}
    assert list(rows) == ["陈阿姨", "赵子墨"]
    chen = rows["陈阿姨"]
    assert (chen["orders"], chen["paid_fen"], chen["refunded_fen"]) == (3, paid, 0)
    assert count_new() == 2
    assert shop.rows(sort="orders") == list(rows.values())


def test_a_refund_shows_in_the_figures(shop: Shop) -> None:
    refund = refund_as_leader(
        shop.leader, shop.orders[0].id, [], include_freight=True, reason="缺货", restock=False
    )
    confirm_offline_refund(shop.leader, refund.id)
    count_new()
    chen = shop.web.get(f"/api/leader/members/{shop.member(shop.chen)}").json()
    assert chen["refunded_fen"] == shop.orders[0].total_fen
    assert chen["refund_percent"] == 33
    assert len(chen["latest"]) == 4


def test_notes_and_tags_are_found_again(shop: Shop) -> None:
    path = f"/api/leader/members/{shop.member(shop.chen)}"
    body = {"note": "爱吃甜的", "tags": ["老客", "二期", "老客"]}
    wrote = shop.web.put(path, body, "application/json").json()
    assert (wrote["note"], wrote["tags"]) == ("爱吃甜的", ["老客", "二期"])
    assert [row["name"] for row in shop.rows(tag="二期")] == ["陈阿姨"]
    assert [row["name"] for row in shop.rows(q="甜")] == ["陈阿姨"]
    assert shop.rows(q="没有这个人") == []
    shop.web.put(path, {"note": "", "tags": ["二期"]}, "application/json")
    head = shop.web.get(f"{shop.base}/members-head").json()
    assert (head["members"], head["tags"]) == (2, [{"name": "二期", "members": 1}])


def test_a_blocked_person_cannot_order_and_can_again_afterwards(shop: Shop) -> None:
    path = f"/api/leader/members/{shop.member(shop.chen)}"
    blocked = shop.web.post(f"{path}/block", {"reason": "多次拒收"}, "application/json").json()
    assert (blocked["blocked"], blocked["block_reason"]) == (True, "多次拒收")
    assert [row["name"] for row in shop.rows(blocked=True)] == ["陈阿姨"]
    before = Order.objects.count()
    with pytest.raises(AppError) as refused:
        make.order(shop.sale, shop.chen)
    assert refused.value.code == "not_served"
    assert Order.objects.count() == before
    make.order(shop.sale, shop.zhao)
    assert shop.web.post(f"{path}/unblock").json()["blocked"] is False
    make.order(shop.sale, shop.chen)
    actions = AuditEntry.objects.filter(action__startswith="member.").order_by("seq")
    assert list(actions.values_list("action", "reason")) == [
        ("member.block", "多次拒收"),
        ("member.unblock", ""),
    ]


def test_another_store_takes_the_orders_of_a_blocked_person(shop: Shop) -> None:
    path = f"/api/leader/members/{shop.member(shop.chen)}"
    shop.web.post(f"{path}/block", {"reason": "多次拒收"}, "application/json")
    elsewhere = make.store(make.leader("周海生"))
    make.order(make.group_buy(elsewhere, [make.product(elsewhere)]), shop.chen)
    assert Order.objects.filter(store=elsewhere).count() == 1


def test_two_accounts_of_one_person_are_shown_as_one_and_apart_again(shop: Shop) -> None:
    chen, zhao = shop.member(shop.chen), shop.member(shop.zhao)
    path = f"/api/leader/members/{chen}"
    seen = shop.web.get(f"{path}/merge/{zhao}").json()
    assert (seen["orders"], seen["keeps"]["name"], seen["goes"]["name"]) == (4, "陈阿姨", "赵子墨")
    assert Member.objects.exclude(merged_into=None).count() == 0
    merged = shop.web.post(f"{path}/merge", {"other_id": zhao}, "application/json").json()
    assert (merged["orders"], merged["paid_fen"]) == (4, seen["paid_fen"])
    assert [t["name"] for t in merged["twins"]] == ["赵子墨"]
    assert [row["name"] for row in shop.rows()] == ["陈阿姨"]
    again = shop.web.post(f"{path}/merge", {"other_id": zhao}, "application/json")
    assert (again.status_code, code(again)) == (409, "already_merged")
    make.paid(make.order(shop.sale, shop.zhao))
    count_new()
    assert shop.rows()[0]["orders"] == 5
    shop.web.post(f"/api/leader/members/{zhao}/unmerge")
    assert {row["name"]: row["orders"] for row in shop.rows()} == {"陈阿姨": 3, "赵子墨": 2}
    assert Order.objects.filter(person=shop.zhao).count() == 2


def test_blocking_somebody_blocks_their_other_account_too(shop: Shop) -> None:
    chen, zhao = shop.member(shop.chen), shop.member(shop.zhao)
    shop.web.post(f"/api/leader/members/{chen}/merge", {"other_id": zhao}, "application/json")
    shop.web.post(f"/api/leader/members/{chen}/block", {"reason": "多次拒收"}, "application/json")
    assert set(BlockedBuyer.objects.values_list("person_id", flat=True)) == {shop.chen.id, shop.zhao.id}


def test_members_of_others_do_not_merge(shop: Shop) -> None:
    other = Shop()
    count_new()
    foreign = other.member(other.zhao)
    answer = shop.web.post(
        f"/api/leader/members/{shop.member(shop.chen)}/merge", {"other_id": foreign}, "application/json"
    )
    assert (answer.status_code, code(answer)) == (404, "not_found")
    own = shop.member(shop.chen)
    self_merge = shop.web.post(f"/api/leader/members/{own}/merge", {"other_id": own}, "application/json")
    assert (self_merge.status_code, code(self_merge)) == (422, "merge_self")


def test_levels_name_those_who_reach_them(shop: Shop) -> None:
    steps = [{"name": "老客", "orders": 2, "paid_fen": 0}, {"name": "铁杆", "orders": 5, "paid_fen": 0}]
    assert shop.web.put(f"{shop.base}/member-levels", {"steps": steps}, "application/json").status_code == 200
    assert {row["name"]: row["level"] for row in shop.rows()} == {"陈阿姨": "老客", "赵子墨": ""}
    wrong = shop.web.put(f"{shop.base}/member-levels", {"steps": steps[::-1]}, "application/json")
    assert (wrong.status_code, code(wrong)) == (422, "levels_wrong")
    assert [row["level"] for row in shop.rows(sort="orders")] == ["老客", ""]


def test_pages_follow_each_other_without_a_gap(shop: Shop) -> None:
    for number in range(35):
        make.paid(make.order(shop.sale, make.person(f"邻居{number}")))
    count_new()
    first = shop.web.get(f"{shop.base}/members?sort=paid").json()
    second = shop.web.get(f"{shop.base}/members?sort=paid&cursor={first['next']}").json()
    names = [row["name"] for row in first["items"] + second["items"]]
    assert (len(first["items"]), len(names), len(set(names)), second["next"]) == (30, 37, 37, None)
    bad = shop.web.get(f"{shop.base}/members?cursor=abc")
    assert (bad.status_code, code(bad)) == (422, "cursor_invalid")


def test_the_sheet_masks_names(shop: Shop) -> None:
    answer = shop.web.get(f"{shop.base}/members.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["昵称", "赵*墨", "陈*姨"]
    assert rows[2][4] == 3
    assert AuditEntry.objects.filter(action="members.export").count() == 1


def test_rules_of_levels_and_rates() -> None:
    steps = [Level("新", 1, 0), Level("老", 3, 10_000)]
    check_levels(steps)
    assert [level_of(steps, n, fen) for n, fen in ((0, 0), (1, 0), (3, 9_999), (3, 10_000))] == [
        "",
        "新",
        "新",
        "老",
    ]
    assert [refund_rate_percent(n, r) for n, r in ((0, 0), (3, 1), (3, 2), (200, 1), (2, 2))] == [
        0,
        33,
        67,
        1,
        100,
    ]


def test_a_long_past_is_counted_in_many_runs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Member.objects.all().delete()
    Counted.objects.all().delete()
    monkeypatch.setattr(counting, "BATCH", 1)
    monkeypatch.setattr(counting, "ROUNDS", 2)
    assert count_new() == 2
    assert Member.objects.count() == 1
    assert count_new() == 2
    assert {row["name"]: row["orders"] for row in shop.rows()} == {"陈阿姨": 3, "赵子墨": 1}
