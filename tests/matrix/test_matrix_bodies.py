"""Bodies nobody should send: fields that aren't the caller's to set, texts that break pages, values of the wrong kind."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from matrix.calls import address, owner, send_raw
from matrix.leaves import at, keys_of, leaves, objects, replaced
from matrix.sending import SENT
from matrix.table import operations
from matrix.town import Town
from matrix.watch import COUNTERS, Watch
from yantuan.kernel import clock

pytestmark = pytest.mark.django_db

EXTRAS: dict[str, Any] = {
    "id": "1", "role": "operator", "is_staff": True, "is_certified": True, "certification": "approved",
    "certified_at": "2020-01-01T00:00:00Z", "leader_id": "1", "person_id": "1", "buyer_id": "1", "owner_id": "1",
    "store_id": "1", "paid": True, "payment": "paid", "paid_fen": 1, "delivery": "received", "aftersale": "settled",
    "state": "approved", "status": "open", "price": 1, "total_fen": 1, "goods_fen": 1, "freight_share_fen": 0,
    "discount_fen": 100_000, "refunded_fen": 1, "agreed_fen": 1, "available": 9999, "held": 0, "sold": 0, "total": 9999,
    "fee": 0, "balance": 100, "number": 1, "created_at": "2020-01-01T00:00:00Z", "paid_at": "2020-01-01T00:00:00Z",
    "suspended_at": None, "disabled_at": None, "archived_at": None, "expires_at": "2099-01-01T00:00:00Z", "code_hash": "0",
    "phone_hash": "0", "private": False, "kind_label": "x", "actor_kind": "operator", "version": 99,
}  # fmt: skip
"""What a thief would add to any body. A body's own field of that name keeps its value."""
RANDOM_COLUMNS = frozenset(
    {"salt", "digest", "code", "token", "key", "pickup_code", "out_trade_no", "out_refund_no"}
)
WRITING = sorted(n for n, s in SENT.items() if s.body and not s.form)
RTL = "\u202e\u2066"
TEXTS = {
    "long": "雁" * 10_000, "nul": "a\x00b", "surrogate": "a\ud800b", "rtl": f"苹{RTL}果", "emoji": "👨‍👩‍👧‍👦𠮷ｅ\u0301",
    "template": "{{7*7}}${jndi:ldap://x}<script>alert(1)</script>%s%n' OR 1=1 --",
}  # fmt: skip
WRONG: list[Any] = [[], [1], {}, {"a": 1}, True, 1.5, -1, 10**30, "", "١٢", None]


def body_of(name: str, town: Town) -> Any:
    sent = SENT[name]
    assert sent.body
    return sent.body(town.sides["a"], owner(name, town), town)


def post(name: str, town: Town, body: Any, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return send_raw(name, owner(name, town), town.sides["a"], raw, **headers)


def plain(column: str, value: Any) -> Any:
    """A value without what is drawn by chance: ids, hashes, sealed texts."""
    if column in RANDOM_COLUMNS:
        return "drawn"
    text = _ID.sub("drawn", str(value))
    if "sealed" in column or "hash" in column:
        return len(text)
    return text


_ID = re.compile(r"\d{16,}\w*")


def rows_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    return sorted(str([plain(c, v) for c, v in zip(columns, row, strict=True) if c != "id"]) for row in rows)


def effect(name: str, town: Town, watch: Watch, body: Any) -> tuple[int, dict[str, list[str]]]:
    """Status, and all rows of the tables written."""
    with watch.cell():
        status = post(name, town, body, **{"Idempotency-Key": "same"}).status_code
        written = {
            t: rows_of(t) for t in watch.touched - COUNTERS if "idempotency" not in t and "outbox" not in t
        }
    return status, written


@pytest.mark.parametrize("name", WRITING)
def test_fields_of_others_to_set_change_nothing(name: str, town: Town, watch: Watch) -> None:
    with clock.frozen(datetime.now(UTC)):
        body = body_of(name, town)
        honest = effect(name, town, watch, body)
        for path in objects(body):
            stuffed = effect(name, town, watch, replaced(body, path, {**EXTRAS, **at(body, path)}))
            assert stuffed == honest or (stuffed[0] == 422 and not stuffed[1]), path


@pytest.mark.parametrize("name", WRITING)
def test_texts(name: str, town: Town, watch: Watch) -> None:
    wrong = []
    body = body_of(name, town)
    for path, _ in [pair for pair in leaves(body) if isinstance(pair[1], str)]:
        for kind, text in TEXTS.items():
            with watch.cell():
                answer = post(name, town, replaced(body, path, text))
                changed = watch.changed()
            status = answer.status_code
            fine = 400 <= status < 500 or status == 503 or kind in ("rtl", "emoji", "template")
            if not fine or status in (500, 502):
                wrong.append(f"{path} {kind}: {status}")
            if status >= 400 and changed:
                wrong.append(f"{path} {kind}: {status} but wrote {changed}")
            if kind == "rtl" and any(c in answer.content.decode() for c in RTL):
                wrong.append(f"{path}: the answer turns the page around")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", WRITING)
def test_values_of_the_wrong_kind(name: str, town: Town, watch: Watch) -> None:
    wrong = []
    body = body_of(name, town)
    tries = [(path, value) for path, _ in leaves(body) for value in WRONG]
    tries += [((), value) for value in (*WRONG, [body])]
    for path, value in tries:
        with watch.cell():
            status = post(name, town, replaced(body, path, value)).status_code
            changed = watch.changed()
        container = isinstance(value, list | dict) and path
        if status in (500, 502) or (container and status < 400) or (status >= 400 and changed):
            wrong.append(f"{path} {value!r}: {status}, wrote {changed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"[1,",
        b"null",
        b"7",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"a":' * 5000,
        b"[" * 100_000,
        b"nul",
        b'"x"',
    ],
)
def test_unreadable_bodies(raw: bytes, town: Town, watch: Watch) -> None:
    for name in WRITING:
        with watch.cell():
            status = post(name, town, raw).status_code
            assert 400 <= status < 500, (name, status)
            assert not watch.changed(), name


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.5", "9" * 30, "%00", "1%20", "٣", "1e3"])
def test_ids_in_addresses(value: str, town: Town, watch: Watch) -> None:
    for name, sent in SENT.items():
        if not any(p.endswith("_id") for p in sent.path):
            continue
        path = operations()[name].path
        for parameter, source in sent.path.items():
            other = source[1:] if source.startswith("=") else str(town.sides["a"].ids[source])
            path = path.replace(f"{{{parameter}}}", value if parameter.endswith("_id") else other)
        with watch.cell():
            client = owner(name, town).client
            answer = client.generic(operations()[name].method, path, "{}", "application/json")
            # A NUL is refused before any route is looked for.
            expected = (400,) if value == "%00" else (404, 422)
            assert answer.status_code in expected, (name, value, answer.status_code)
            assert not watch.changed()


@pytest.mark.parametrize(
    "value", ["x" * 10_000, "a%00b", "%ED%A0%80", "%F0%9F%91%A8", "'; DROP TABLE x; --", "%25", "_", "-1"]
)
def test_queries(value: str, town: Town, watch: Watch) -> None:
    asked = {
        "list_products": "q cursor archived", "list_group_buys": "status cursor", "list_my_orders": "tab q cursor",
        "list_store_orders": "tab q group_buy_id cursor", "list_carriers": "number", "list_my_aftersales": "cursor",
        "list_store_aftersales": "tab cursor", "list_messages": "role cursor", "list_deliveries": "cursor",
        "read_joined": "cursor", "read_statement": "first last", "read_dashboard": "length", "list_statement_entries": "cursor", "view_private_picture": "thumb",
        "start_wechat_sign_in": "return_to", "finish_wechat_sign_in": "code state", "sign_page": "url",
    }  # fmt: skip
    for name, parameters in asked.items():
        for parameter in parameters.split():
            with watch.cell():
                path = f"{address(name, town.sides['a'])}?{parameter}={value}"
                answer = owner(name, town).client.get(path)
            assert answer.status_code != 500 and answer.status_code < 504, (
                name,
                parameter,
                answer.status_code,
            )


@pytest.mark.parametrize("key", [None, "", "k" * 256, "键", "a\tb"])
def test_idempotency_keys(key: str | None, town: Town, watch: Watch) -> None:
    needed = (
        "place_order", "pay_order", "cancel_order", "send_payment_proof", "refund_order", "ship_order", "hand_out_order",
        "open_aftersale", "change_sku_stock", "change_offer_stock",
    )  # fmt: skip
    for name in needed:
        with watch.cell():
            client, side = owner(name, town).client, town.sides["a"]
            headers = {} if key is None else {"Idempotency-Key": key}
            raw = json.dumps(body_of(name, town))
            answer = client.post(address(name, side), raw, content_type="application/json", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_needed"), name
            assert not watch.changed()


def test_same_key_with_another_body(town: Town, watch: Watch) -> None:
    for name in _CHANGES:
        body = body_of(name, town)
        other = {**body, **_CHANGES[name]}
        with watch.cell():
            first = post(name, town, body, **{"Idempotency-Key": "k"})
            again = post(name, town, body, **{"Idempotency-Key": "k"})
            changed = post(name, town, other, **{"Idempotency-Key": "k"})
        assert first.status_code in (200, 201) and again.status_code == 200, (
            name,
            first.content,
            again.content,
        )
        assert (changed.status_code, changed.json()["code"]) == (409, "idempotency_key_reused"), name


_CHANGES: dict[str, dict[str, Any]] = {
    "place_order": {"remark": "快点"}, "send_payment_proof": {"note": "第二次"}, "refund_order": {"reason": "另一个"},
    "ship_order": {"note": "易碎"}, "change_sku_stock": {"delta": 6}, "open_aftersale": {"description": "坏了两串"},
}  # fmt: skip


def test_keys_are_found_everywhere() -> None:
    assert keys_of({"a": [{"b": 1}], "c": {"d": [[{"e": 2}]]}}) == {"a", "b", "c", "d", "e"}
