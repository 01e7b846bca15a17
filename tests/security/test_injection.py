"""Texts in bad faith in every field people fill in: they come back as they were sent, and nowhere do they become more than text."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from console_login import signed_in_operator
from matrix.conftest import never_committed
from security.conftest import Browser
from security.corpus import FAMILIES, PAYLOADS, SHORT, fitting
from security.reading import seen, trouble
from security.stage import LENGTHS, Stage, Words, words_of
from yantuan.api import pages as app_pages
from yantuan.kernel.desk import DeskAdmin
from yantuan.reports import exports

pytestmark = pytest.mark.one_database
Shapes = dict[str, set[tuple[str, tuple[str, ...]]]]
PLAIN = "平平常常的一句话"


def test_the_corpus_is_large_and_goes_everywhere() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 200
    assert [text for text in (*PAYLOADS, *SHORT) if text != text.strip()] == []
    assert max(len(text) for text in SHORT) <= min(LENGTHS.values())
    for texts in FAMILIES.values():
        used = [set(words.values()) for words in words_of(texts)]
        assert set(texts) <= set().union(*used)


def leaves(value: Any) -> Iterator[str]:
    """All texts in an answer, keys left out."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(one)


def answers(stage: Stage, buyer: Browser) -> dict[str, Any]:
    """Everything the app reads about the last order and what it was ordered from, by address."""
    order, case = stage.order_ids[-1], stage.case_ids[-1]
    sale = stage.shop.sale
    of_leader = [
        stage.store, stage.sale, f"{stage.store}/orders", f"/api/leader/orders/{order}", f"/api/leader/aftersales/{case}",
        f"{stage.sale}/shares", f"/api/leader/products/{stage.product_id}", f"{stage.store}/group-buys",
    ]  # fmt: skip
    of_buyer = [
        "/api/me", "/api/me/addresses", f"/api/orders/{order}", f"/api/aftersales/{case}", "/api/messages", f"/api/g/{sale.code}",
        f"/api/g/{sale.code}/joined", f"/api/s/{stage.shop.store.code}",
    ]  # fmt: skip
    found = {}
    for browser, paths in ((stage.leader, of_leader), (buyer, of_buyer)):
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200, (path, answer.content.decode())
            assert (
                "json" in answer.headers["Content-Type"]
                and answer.headers["X-Content-Type-Options"] == "nosniff"
            )
            found[path] = json.loads(answer.content)
    return found


WHERE: dict[str, str] = {
    "nickname": "/api/me", "address.name": "/api/me/addresses", "address.detail": "/api/me/addresses",
    "sale.title": "/api/g/", "sale.block": "/api/g/", "question.label": "/api/g/", "question.choice": "/api/g/",
    "product.title": "/api/g/", "product.description": "/api/leader/products/", "sku.name": "/api/g/", "sku.code": "/api/leader/products/",
    "order.remark": "/api/orders/", "order.answer": "/api/orders/", "order.choice": "/api/orders/", "order.note": "/api/leader/orders/",
    "proof.note": "/api/orders/", "shipment.note": "/api/orders/", "case.description": "/api/aftersales/", "case.answer": "/api/aftersales/",
    "share.label": "/api/leader/group-buys/", "store.name": "/api/s/", "store.introduction": "/api/s/", "store.notice": "/api/s/",
    "store.contact_wechat": "/api/s/", "store.aftersale_policy": "/api/s/", "store.offline_note": "/api/leader/stores/",
    "store.return_name": "/api/leader/stores/", "store.return_address": "/api/leader/stores/", "point.name": "/api/leader/stores/",
    "point.address": "/api/leader/stores/", "point.hours": "/api/leader/stores/",
}  # fmt: skip
"""Where a field is surely read, as the beginning of an address."""


def changed_texts(found: dict[str, Any], words: Words) -> list[str]:
    """Fields that did not come back exactly."""
    texts: dict[str, set[str]] = defaultdict(set)
    for path, body in found.items():
        for beginning in set(WHERE.values()):
            if path.startswith(beginning):
                texts[beginning].update(leaves(body))
    return [f"{name}: {words[name]!r}" for name, where in WHERE.items() if words[name] not in texts[where]]


def pages(stage: Stage, buyer: Browser, desk: Client) -> dict[str, str]:
    """Every kind of document the server makes with these texts in it, by kind."""
    code, store = stage.shop.sale.code, stage.shop.store
    order, case = stage.order_ids[-1], stage.case_ids[-1]
    found = {
        "sale": buyer.get(f"/g/{code}?t={stage.token}"), "store": buyer.get(f"/s/{code}"), "shop": buyer.get(f"/s/{store.code}"),
        "landed": buyer.get(f"/pages/g/index?code={code}"), "app": buyer.get("/pages/orders/index"),
    }  # fmt: skip
    for model, row in {
        "orders_order": order, "aftersales_aftersale": case, "groupbuys_groupbuy": stage.shop.sale.id, "stores_store": store.id,
        "catalog_product": stage.product_id, "identity_person": buyer.person.id if buyer.person else 0,
    }.items():  # fmt: skip
        found[model] = desk.get(reverse(f"admin:{model}_change", args=[row]))
    for name, answer in found.items():
        assert answer.status_code in (200, 404 if name == "store" else 200), (name, answer.status_code)
        # The console's policy is added in front of Django: tests/security/test_lane_guards.py.
        assert "_" in name or "'nonce-" in answer.headers["Content-Security-Policy"], name
    return {name: answer.content.decode() for name, answer in found.items()}


def tables(desk: Client) -> dict[str, str]:
    """All lists of the console."""
    found = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        answer = desk.get(reverse(f"admin:{name}_changelist"))
        assert answer.status_code == 200, name
        found[f"list {name}"] = answer.content.decode()
    return found


@dataclass
class Played:
    """One shop for all families, never committed: the documents' shapes before anybody meant ill, and who has written since."""

    desk: Client
    stage: Stage
    shapes: Shapes
    families: set[str]


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any) -> Iterator[Played]:
    with never_committed(django_db_blocker):
        desk, _ = signed_in_operator()
        stage = Stage()
        yield Played(desk, stage, harmless(stage, desk), set())


def harmless(stage: Stage, desk: Client) -> Shapes:
    """The elements each kind of document has when nobody means ill."""
    shapes: Shapes = {}
    buyer = stage.dress(dict.fromkeys(LENGTHS, PLAIN))
    for name, text in (pages(stage, Browser(buyer), desk) | tables(desk)).items():
        assert trouble(text, seen(text).elements, []) == [], name
        # A line break in a text is shown as one.
        shapes[name] = seen(text).elements | {("br", ())}
    return shapes


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_texts_stay_texts(family: str, played: Played) -> None:
    stage, found = played.stage, []
    for words in words_of(FAMILIES[family]):
        buyer = Browser(stage.dress(words))
        found += changed_texts(answers(stage, buyer), words)
        for name, document in pages(stage, buyer, played.desk).items():
            found += [f"{name}: {one}" for one in trouble(document, played.shapes[name], [*words.values()])]
            if name == "sale":
                island = next(one for one in seen(document).islands if "api" in one)
                if island["api"][f"/api/g/{stage.shop.sale.code}"]["title"] != words["sale.title"]:
                    found.append(f"the page's own data: {words['sale.title']!r}")
    played.families.add(family)
    assert found == []


def test_texts_stay_texts_in_the_lists_of_the_console(played: Played) -> None:
    for family in FAMILIES.keys() - played.families:
        for words in words_of(FAMILIES[family]):
            played.stage.dress(words)
    # All of them stand on the first page of each list.
    assert 2 * len(FAMILIES) < len(played.stage.order_ids) < DeskAdmin.list_per_page
    found = []
    for name, document in tables(played.desk).items():
        found += [f"{name}: {one}" for one in trouble(document, played.shapes[name], [*PAYLOADS, *SHORT])]
    assert found == []


@pytest.mark.django_db
def test_no_cell_of_a_sheet_becomes_a_formula_or_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "data_folder", lambda: tmp_path)
    stage = Stage()
    for text in FAMILIES["formulas"]:
        words = {name: fitting([text], longest, n) for n, (name, longest) in enumerate(LENGTHS.items())}
        stage.dress(words | {"order.choice": words["question.choice"]})
    export = exports.request(stage.shop.leader, stage.shop.store, group_buy_id=None, tab="all")
    exports.write(export.id)
    export.refresh_from_db()
    path = exports.file_of(export)
    sheet = openpyxl.load_workbook(path).active
    head, *rows = sheet.iter_rows()
    names = [cell.value for cell in head]
    assert len(rows) == len(stage.order_ids) == len(FAMILIES["formulas"])
    kinds = {cell.data_type for row in rows for cell in row if cell.value is not None}
    assert kinds <= {"s", "n"}
    marked = [cell for row in rows for cell in row if str(cell.value).startswith(("=", "+", "-", "@"))]
    assert len(marked) > 10 and [cell.value for cell in marked if not cell.quotePrefix] == []
    with zipfile.ZipFile(path) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        assert [name for name in book.namelist() if "externalLink" in name or "_rels/sheet" in name] == []
    assert "团员备注" in names


@pytest.mark.django_db
def test_a_page_that_forgets_to_escape_is_found(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(app_pages, "escape", str)
    words = next(words_of(FAMILIES["handlers"]))
    stage = played.stage
    documents = pages(stage, Browser(stage.dress(words)), played.desk)
    found = [
        name for name, text in documents.items() if trouble(text, played.shapes[name], [*words.values()])
    ]
    assert found == ["sale", "shop", "landed"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("<p>a<img src=x onerror=alert(1)></p>", "new element"),
        ("<p><script>alert(1)</script></p>", "new element"),
        ("<p><a href='javascript:alert(1)'>x</a></p>", "address"),
        ("<p x-data=\"{a: 'alert(1);x'}\">x</p>", "evaluated"),
        ("<p>alert(1);x<b></p>", "raw"),
        ("<p title=a onclick=b>x</p>", "new element"),
    ],
)
def test_the_eye_sees_what_texts_do(document: str, told: str) -> None:
    known = {("p", ()), ("a", ("href",)), ("p", ("x-data",))}
    assert any(one.startswith(told) for one in trouble(document, known, ["alert(1);x", "alert(1);x<b>"]))
    assert trouble("<p>&lt;img src=x onerror=alert(1);x&lt;b&gt;</p>", known, ["alert(1);x<b>"]) == []
