"""What stands around the routes: sessions, the app's own header, methods, and what buyers may never read."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from matrix.calls import address, owner, send, send_raw, told
from matrix.leaves import keys_of
from matrix.sending import SENT
from matrix.table import operations, table
from matrix.town import Town
from matrix.watch import Watch
from yantuan.api.main import api
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.identity.phones import mask_phone, phone_of
from yantuan.orders.models import Order

pytestmark = pytest.mark.django_db

WRITES = sorted(n for n, o in operations().items() if o.method != "GET" and not o.public)
PRIVATE_KEYS = frozenset(
    {
        "cost_fen",
        "held",
        "own_stock",
        "pool_id",
        "phone_hash",
        "phone_sealed",
        "id_number",
        "openid",
        "session_key",
    }
)
"""Names no answer to a buyer or visitor may carry."""


def bare(name: str, town: Town, client: Client, **headers: str) -> HttpResponse:
    """The owner's request about shop a, sent with another browser."""
    sent = SENT[name]
    body: Any = sent.body(town.sides["a"], owner(name, town), town) if sent.body else {}
    path = address(name, town.sides["a"])
    headers.setdefault("Idempotency-Key", "k")
    if sent.form:
        return client.post(path, body, headers=headers)  # type: ignore[return-value]
    raw = json.dumps(body)
    return client.generic(operations()[name].method, path, raw, "application/json", headers=headers)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Yantuan-Client": "other"},
        {"X-Yantuan-Client": "h5", "Origin": "https://evil.example"},
        {"X-Yantuan-Client": "h5", "Origin": "null"},
        {"X-Yantuan-Client": "h5", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_writes_from_elsewhere(headers: dict[str, str], town: Town, watch: Watch) -> None:
    for name in WRITES:
        client = Client(raise_request_exception=False)
        client.cookies[sessions.COOKIE] = owner(name, town).cookies[sessions.COOKIE]
        with watch.cell():
            answer = bare(name, town, client, **headers)
            assert told(answer) == "403 csrf_refused", name
            assert not watch.changed(), name


def test_a_bearer_needs_no_header(town: Town, watch: Watch) -> None:
    for name in WRITES:
        token = owner(name, town).cookies[sessions.COOKIE]
        with watch.cell():
            answer = bare(name, town, Client(raise_request_exception=False), Authorization=f"Bearer {token}")
        assert answer.status_code not in (401, 403, 500), (name, answer.content)


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 43, "x" * 5000, "' OR 1=1", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."]
)
def test_unknown_sessions(token: str, town: Town, watch: Watch) -> None:
    for name in sorted(n for n, o in operations().items() if not o.public):
        by_cookie = Client(headers={"X-Yantuan-Client": "h5"}, raise_request_exception=False)
        by_cookie.cookies[sessions.COOKIE] = token
        by_bearer = Client(raise_request_exception=False)
        with watch.cell():
            answers = [
                bare(name, town, by_cookie),
                bare(name, town, by_bearer, Authorization=f"Bearer {token}"),
            ]
            assert {told(a) for a in answers} == {"401 sign_in_needed"}, name
            assert not watch.changed(), name


def test_an_ended_session_stays_out(town: Town, watch: Watch) -> None:
    buyer = town.callers["buyer"]
    assert buyer.person
    with watch.cell():
        assert send(town, "sign_out", buyer, town.sides["a"]).status_code == 200
        assert told(send(town, "list_my_orders", buyer, town.sides["a"])) == "401 sign_in_needed"
    with watch.cell():
        Person.objects.filter(id=buyer.person.id).update(disabled_at=sessions.now())
        assert told(send(town, "list_my_orders", buyer, town.sides["a"])) == "401 sign_in_needed"


def test_only_patch_is_overridden(town: Town, watch: Watch) -> None:
    buyer, side = town.callers["buyer"], town.sides["a"]
    path = address("delete_my_address", side)
    for method in ("DELETE", "PUT", "GET", "HEAD", "TRACE", "patch", "PATCH"):
        with watch.cell():
            answer = buyer.client.post(
                path, "{}", content_type="application/json", headers={"X-HTTP-Method-Override": method}
            )
            assert answer.status_code == 405, method
            assert not watch.changed()
    with watch.cell():
        answer = buyer.client.post(
            "/api/me", '{"nickname": "小周"}', content_type="application/json",
            headers={"X-HTTP-Method-Override": "PATCH"},
        )  # fmt: skip
        assert answer.json()["person"]["nickname"] == "小周"
    with watch.cell():
        answer = buyer.client.get("/api/me", headers={"X-HTTP-Method-Override": "PATCH"})
        assert answer.json()["person"]["nickname"] == "陈阿姨"


def test_other_methods_are_refused(town: Town, watch: Watch) -> None:
    known: dict[str, set[str]] = {}
    for operation in operations().values():
        known.setdefault(operation.path, set()).add(operation.method)
    for name, operation in operations().items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - known[operation.path]:
            with watch.cell():
                client = owner(name, town).client
                answer = client.generic(method, address(name, town.sides["a"]), "{}", "application/json")
                assert answer.status_code in (404, 405, 422), (method, operation.path, answer.status_code)
                assert not watch.changed()


@functools.cache
def _document() -> dict[str, Any]:
    """The OpenAPI document; building it takes a tenth of a second, so once."""
    return dict(api.get_openapi_schema())


def _shapes(schema: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Names of all properties an answer may carry."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        if name not in seen:
            seen.add(name)
            yield from _shapes(_document()["components"]["schemas"][name], seen)
        return
    for key, below in schema.get("properties", {}).items():
        yield key
        yield from _shapes(below, seen)
    for below in (
        *schema.get("anyOf", ()),
        *schema.get("allOf", ()),
        *([schema["items"]] if "items" in schema else ()),
    ):
        yield from _shapes(below, seen)


def test_no_buyers_answer_can_carry_private_fields() -> None:
    for path, methods in _document()["paths"].items():
        for spec in methods.values():
            if path.startswith("/api/leader"):
                continue
            for answer in spec["responses"].values():
                for content in answer.get("content", {}).values():
                    found = set(_shapes(content["schema"], set())) & PRIVATE_KEYS
                    assert not found, (path, found)


def test_what_buyers_read(town: Town, watch: Watch) -> None:
    """Every answer a visitor or buyer can get names no cost, no note of the leader's, and nobody else's phone."""
    a = town.sides["a"]
    Order.objects.filter(store_id=a.ids["store_id"]).update(private_note="总爱讲价的那位")
    others = {phone_of(p.phone_sealed) for p in Person.objects.exclude(id=a.buyer.id) if p.phone_sealed}
    pages = [f"/g/{a.ids['code']}", f"/s/{a.ids['store_code']}", "/", "/pages/order/list"]
    for role in ("visitor", "buyer", "other_buyer"):
        caller = town.callers[role]
        own = phone_of(caller.person.phone_sealed) if caller.person else ""
        with watch.cell():
            answers = {n: send(town, n, caller, a) for n in sorted(SENT) if table()[n]["who"] != "leader"}
            answers |= {page: caller.client.get(page) for page in pages}  # type: ignore[misc]
        for name, answer in answers.items():
            text = answer.content.decode(errors="replace")
            assert "总爱讲价" not in text and '"cost_fen"' not in text, (role, name)
            assert not [phone for phone in others - {own} if phone in text], (role, name)
            if "json" in answer.headers.get("Content-Type", ""):
                assert not keys_of(json.loads(text)) & PRIVATE_KEYS, (role, name)
            assert answer.headers.get("Cache-Control") or not name.startswith("/"), (role, name)


def test_leaders_see_a_phone_only_when_they_ask_for_it(town: Town, watch: Watch) -> None:
    a, leader = town.sides["a"], town.callers["leader"]
    phone = phone_of(a.buyer.phone_sealed)
    with watch.cell():
        unpaid = leader.client.get(f"/api/leader/orders/{a.ids['unpaid_order_id']}").content.decode()
        paid = leader.client.get(f"/api/leader/orders/{a.ids['paid_order_id']}").content.decode()
        refused = leader.client.post(f"/api/leader/orders/{a.ids['unpaid_order_id']}/reveal")
        shown = leader.client.post(f"/api/leader/orders/{a.ids['paid_order_id']}/reveal")
    for text in (unpaid, paid):
        assert phone not in text and mask_phone(phone) in text
    assert told(refused) == "403 recipient_hidden"  # type: ignore[arg-type]
    assert shown.json()["phone"] == phone


MIXED: dict[str, tuple[str, dict[str, Any]]] = {
    "sale with another shop's goods": ("create_group_buy", {"offers": "c.sale_public.offers"}),
    "sale at another shop's pick-up point": ("update_group_buy", {"pickup_point_ids": "c.sale_public.pickup_point_ids"}),
    "product with another's picture": ("create_product", {"picture_media_ids": ["c.product_picture"]}),
    "store with another's cover": ("update_store", {"cover_media_id": "c.product_picture"}),
    "order to another's address": ("place_order", {"address_id": "c#address_id"}),
    "order of another shop's offers": ("place_order", {"lines": [{"offer_id": "c.offers.0", "quantity": 1}]}),
    "quote of another shop's offers": ("quote_order", {"lines": [{"offer_id": "c.offers.0", "quantity": 1}]}),
    "order at another shop's pick-up point": (
        "place_order",
        {"delivery_method": "pickup", "pickup_point_id": "c#point_id", "contact": {"name": "我", "phone": "13800000000"}},
    ),
    "refund of another order's line": (
        "refund_order", {"lines": [{"order_line_id": "c.paid_line", "quantity": 1}]},
    ),
    "parcel with another order's line": (
        "ship_order", {"lines": [{"order_line_id": "c.paid_line", "quantity": 1}]},
    ),
    "hand-out of another order's line": (
        "hand_out_order", {"lines": [{"order_line_id": "a.paid_line", "quantity": 1}]},
    ),
    "claim of another order's line": (
        "open_aftersale", {"lines": [{"order_line_id": "c.received_line", "quantity": 1}]},
    ),
    "claim with another's picture": ("open_aftersale", {"media_ids": ["c#media_id"]}),
    "proof with another's picture": ("send_payment_proof", {"media_id": "c#media_id"}),
    "receipt of another case's line": (
        "receive_aftersale_return", {"lines": [{"order_line_id": "c.received_line", "quantity": 1}]},
    ),
    "face with another's picture": ("update_me", {"avatar_media_id": "c.product_picture"}),
    "papers of another's": ("send_certification", {"paper_media_ids": ["c#media_id"]}),
}  # fmt: skip
"""What is mixed → operation, and what of another owner its body names: `c.x.y` from the side's data, `c#x` from its ids."""


def _resolved(value: Any, town: Town) -> Any:
    if isinstance(value, list):
        return [_resolved(v, town) for v in value]
    if isinstance(value, dict):
        return {k: _resolved(v, town) for k, v in value.items()}
    if isinstance(value, str) and value[:2] in ("a.", "c.", "c#"):
        side = town.sides[value[0]]
        if value[1] == "#":
            return str(side.ids[value[2:]])
        found: Any = side.data
        for step in value[2:].split("."):
            found = found[int(step)] if step.isdigit() else found[step]
        return found if isinstance(found, list) else str(found)
    return value


@pytest.mark.parametrize("what", sorted(MIXED))
def test_mixed_ownership(what: str, town: Town, watch: Watch) -> None:
    name, changes = MIXED[what]
    side, caller = town.sides["a"], owner(name, town)
    build = SENT[name].body
    assert build
    body = {**build(side, caller, town), **_resolved(changes, town)}
    with watch.cell():
        answer = send_raw(name, caller, side, json.dumps(body))
        changed = watch.changed()
    if name == "quote_order":
        assert answer.status_code in (404, 409, 422) or not json.loads(answer.content)["orderable"]
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.content[:500])
    assert not changed


def test_lists_show_only_own_rows(town: Town) -> None:
    lists = {
        "list_my_orders": "buyer", "list_my_aftersales": "buyer", "list_my_addresses": "buyer",
        "list_stores": "leader", "list_messages": "buyer", "list_my_sessions": "buyer",
    }  # fmt: skip
    for name, owned_by in lists.items():
        seen = {}
        for role in (owned_by, f"other_{owned_by}", "applicant"):
            answer = json.loads(send(town, name, town.callers[role], town.sides["a"]).content)
            rows = answer["items"] if isinstance(answer, dict) else answer
            seen[role] = {row["id"] for row in rows}
        mine, others, nobody = seen.values()
        assert not mine & others and not nobody & (mine | others), name
        assert (mine and others) or name == "list_messages", name
