"""The desk's pages × every role and every right: each opens for whom the phone's route of the same name opens, and looks absent to others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import cast

import pytest
from django.http import HttpResponse
from django.urls import URLPattern

from matrix.calls import send, told
from matrix.test_matrix_staff import helper
from matrix.town import ROLES, SIGNED_OUT, Caller, Side, Town
from matrix.watch import Watch
from yantuan.desk.urls import urlpatterns
from yantuan.staff.rights import RIGHTS, opens

pytestmark = pytest.mark.django_db

READS: dict[str, tuple[str, str]] = {
    "<int:store_id>/orders": ("list_store_orders", "/desk/{store_id}/orders"),
    "<int:store_id>/orders/ids": ("list_store_orders", "/desk/{store_id}/orders/ids"),
    "<int:store_id>/orders/<int:order_id>": ("read_store_order", "/desk/{store_id}/orders/{paid_order_id}"),
    "<int:store_id>/orders/<int:order_id>/refund": ("refund_order", "/desk/{store_id}/orders/{paid_order_id}/refund"),
    "<int:store_id>/shipping": ("list_ship_imports", "/desk/{store_id}/shipping"),
    "<int:store_id>/shipping/blank": ("download_ship_template", "/desk/{store_id}/shipping/blank"),
    "<int:store_id>/shipping/<int:import_id>": ("read_ship_import", "/desk/{store_id}/shipping/{import_id}"),
    "<int:store_id>/shipping/<int:import_id>/problems": (
        "download_ship_import_problems", "/desk/{store_id}/shipping/{import_id}/problems",
    ),
    "<int:store_id>/aftersales": ("list_store_aftersales", "/desk/{store_id}/aftersales"),
    "<int:store_id>/aftersales/<int:aftersale_id>": (
        "read_aftersale_as_leader", "/desk/{store_id}/aftersales/{requested_case_id}",
    ),
    "<int:store_id>/sales": ("list_group_buys", "/desk/{store_id}/sales"),
    "<int:store_id>/exports": ("list_exports", "/desk/{store_id}/exports"),
    "<int:store_id>/exports/<int:export_id>/file": ("download_export", "/desk/{store_id}/exports/{export_id}/file"),
}  # fmt: skip
"""Pattern → the phone's operation of the same right, and an address."""
REFUND = {"key": "k", "what": "all", "reason": "坏果"}
WRITES: dict[str, tuple[str, str, dict[str, str]]] = {
    "<int:store_id>/orders/act": ("list_store_orders", "/desk/{store_id}/orders/act", {"verb": "note", "ids": "{paid_order_id}", "text": "x"}),
    "<int:store_id>/orders/sheet": ("request_export", "/desk/{store_id}/orders/sheet", {"query": "tab=all"}),
    "<int:store_id>/orders/<int:order_id>/reveal": ("reveal_recipient", "/desk/{store_id}/orders/{paid_order_id}/reveal", {}),
    "<int:store_id>/orders/<int:order_id>/refund/look": ("refund_order", "/desk/{store_id}/orders/{paid_order_id}/refund/look", REFUND),
    "<int:store_id>/orders/<int:order_id>/refund/send": ("refund_order", "/desk/{store_id}/orders/{paid_order_id}/refund/send", REFUND),
    "<int:store_id>/orders/<int:order_id>/refund/code": ("refund_order", "/desk/{store_id}/orders/{paid_order_id}/refund/code", REFUND),
    "<int:store_id>/refunds/<int:refund_id>/done": ("confirm_offline_refund", "/desk/{store_id}/refunds/{refund_id}/done", {}),
    "<int:store_id>/refunds/<int:refund_id>/retry": ("retry_refund", "/desk/{store_id}/refunds/{refund_id}/retry", {}),
    "<int:store_id>/ship-imports": ("send_ship_import", "/desk/{store_id}/ship-imports", {"order": "{paid_order_id}", "number": "YT9900000000001"}),
    "<int:store_id>/shipping/<int:import_id>/confirm": ("confirm_ship_import", "/desk/{store_id}/shipping/{import_id}/confirm", {}),
    "<int:store_id>/shipping/<int:import_id>/discard": ("discard_ship_import", "/desk/{store_id}/shipping/{import_id}/discard", {}),
    "<int:store_id>/shipping/<int:import_id>/undo": ("undo_ship_import", "/desk/{store_id}/shipping/{booked_import_id}/undo", {}),
    "<int:store_id>/aftersales/<int:aftersale_id>/agree": ("agree_aftersale", "/desk/{store_id}/aftersales/{requested_case_id}/agree", {}),
    "<int:store_id>/aftersales/<int:aftersale_id>/refuse": (
        "refuse_aftersale", "/desk/{store_id}/aftersales/{requested_case_id}/refuse", {"text": "照片看不出"},
    ),
    "<int:store_id>/exports/ask": ("request_export", "/desk/{store_id}/exports/ask", {"tab": "all"}),
    "<int:store_id>/views": ("list_store_orders", "/desk/{store_id}/views", {"title": "x", "query": "tab=all"}),
    "<int:store_id>/views/<int:view_id>/delete": ("list_store_orders", "/desk/{store_id}/views/1/delete", {}),
}  # fmt: skip
"""Pattern → the same, and a form a person could have sent."""
NOT_READY = {"<int:store_id>/exports/<int:export_id>/file": 409}
"""What the row's state refuses to who may: the town's export was never written."""
REFUSED = {
    # An instance without an SMS account sends no code; an offline refund is not tried again.
    "<int:store_id>/orders/<int:order_id>/refund/code": 503,
    "<int:store_id>/refunds/<int:refund_id>/retry": 409,
}
NOT_THERE = frozenset({"<int:store_id>/views/<int:view_id>/delete"})
"""What the form names is nobody's: absent even to who may."""
DOORS = frozenset({"", "sign-in", "sign-in/wait", "sign-in/finish", "sign-out", "language"})
"""Pages for everybody; tests/desk/test_desk_sign_in.py knocks at them."""


def patterns() -> Iterator[str]:
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        yield str(pattern.pattern)


def address(path: str, side: Side) -> str:
    return path.format(**side.ids)


def test_every_page_is_listed() -> None:
    assert set(patterns()) == set(READS) | set(WRITES) | DOORS


@pytest.mark.parametrize("pattern", sorted(READS))
def test_roles(pattern: str, town: Town, watch: Watch) -> None:
    _, path = READS[pattern]
    for role, (target, owner) in product(ROLES, (("a", "leader"), ("c", "other_leader"), ("absent", ""))):
        with watch.cell():
            answer = town.callers[role].client.get(address(path, town.sides[target]))
            away = answer.status_code == 302 and answer["Location"].startswith("/desk/sign-in?")
            wanted = (
                away
                if role in SIGNED_OUT
                else answer.status_code == (NOT_READY.get(pattern, 200) if role == owner else 404)
            )
            assert wanted, (role, target, answer.status_code)
            assert not watch.changed(), (role, target)


@pytest.mark.parametrize("pattern", sorted(READS))
def test_rights(pattern: str, town: Town, watch: Watch) -> None:
    operation, path = READS[pattern]
    for right, target in product(RIGHTS, ("a", "c")):
        with watch.cell():
            caller = helper(town, right)
            watch.forget()
            answer: HttpResponse = caller.client.get(address(path, town.sides[target]))
            inside = target == "a" and right in opens(operation)
            assert answer.status_code == (NOT_READY.get(pattern, 200) if inside else 404), (
                right,
                target,
                answer.status_code,
            )
            assert not watch.changed(), (right, target)


def done(pattern: str) -> tuple[int, ...]:
    """What whoever may is answered."""
    return (REFUSED[pattern],) if pattern in REFUSED else (200, 302)


def sent(pattern: str, side: Side, caller: Caller) -> HttpResponse:
    _, path, form = WRITES[pattern]
    filled = {name: value.format(**side.ids) for name, value in form.items()}
    return cast(HttpResponse, caller.client.post(address(path, side), filled))


@pytest.mark.parametrize("pattern", sorted(WRITES))
def test_roles_writing(pattern: str, town: Town, watch: Watch) -> None:
    for role, (target, owner) in product(ROLES, (("a", "leader"), ("c", "other_leader"), ("absent", ""))):
        with watch.cell():
            answer = sent(pattern, town.sides[target], town.callers[role])
            inside = role == owner and pattern not in NOT_THERE
            wanted = (401,) if role in SIGNED_OUT else done(pattern) if inside else (404,)
            assert answer.status_code in wanted, (role, target, answer.status_code)
            assert inside or not watch.changed(), (role, target, watch.changed())


@pytest.mark.parametrize("pattern", sorted(WRITES))
def test_rights_writing(pattern: str, town: Town, watch: Watch) -> None:
    operation = WRITES[pattern][0]
    for right, target in product(RIGHTS, ("a", "c")):
        with watch.cell():
            caller = helper(town, right)
            watch.forget()
            answer = sent(pattern, town.sides[target], caller)
            inside = target == "a" and right in opens(operation) and pattern not in NOT_THERE
            assert answer.status_code in (done(pattern) if inside else (404,)), (
                right,
                target,
                answer.status_code,
            )
            assert inside or not watch.changed(), (right, target, watch.changed())


@pytest.mark.parametrize("pattern", sorted(READS))
def test_other_methods(pattern: str, town: Town, watch: Watch) -> None:
    _, path = READS[pattern]
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        with watch.cell():
            answer = town.callers["leader"].client.generic(method, address(path, town.sides["a"]))
            assert answer.status_code == 405 and not watch.changed()


def test_the_phone_names_the_same_rights(town: Town, watch: Watch) -> None:
    for operation, _ in READS.values():
        with watch.cell():
            assert told(send(town, operation, town.callers["leader"], town.sides["a"])) in (
                "200",
                "409 export_not_ready",
            )
