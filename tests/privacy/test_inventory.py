"""The registry of personal data against the tables there are, and the page made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from yantuan.kernel.personal import Basis, Harmless, Held, Inventory, Leaving, looks_personal
from yantuan.privacy import inventory
from yantuan.privacy.page import render
from yantuan.reports.rules import house

PAGE = Path(__file__).resolve().parents[2] / "docs" / "personal-data.md"


def test_every_column_that_looks_personal_is_declared() -> None:
    missing = inventory.missing()
    assert missing == [], (
        "declare these in src/yantuan/privacy/inventory.py (purpose, basis, how long, who sees it, what becomes of it when the"
        " person leaves), or name them in privacy/harmless.py, then run: python -m yantuan.privacy.page > docs/personal-data.md"
    )


def test_nothing_is_declared_that_does_not_exist_or_twice() -> None:
    assert inventory.stale() == []


def test_the_page_says_what_the_registry_says() -> None:
    assert PAGE.read_text() == render(), "run: python -m yantuan.privacy.page > docs/personal-data.md"


@pytest.mark.parametrize(
    "name",
    ["phone", "recipient_name", "payer_openid", "unionid", "id_number_sealed", "nickname", "avatar_media_id", "client_ip", "email",
     "user_agent", "room", "contact_wechat", "apiv3_tail", "return_address", "name_sealed", "phone_last4", "push_token", "remark"],
)  # fmt: skip
def test_such_names_are_noticed(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize(
    "name", ["id", "state", "created_at", "amount_fen", "quantity", "version", "store_id", "title", "tries"]
)
def test_plain_names_are_not(name: str) -> None:
    assert not looks_personal(name)


def test_a_new_column_without_a_line_is_seen() -> None:
    held = Held("a.B", ("phone",), "", "", Basis.CONTRACT, "", "", Leaving.ERASED)
    known = Inventory((held,), (Harmless("a.B", ("room",), ""),))
    assert known.missing([("a.B", ["id", "phone", "room", "openid"]), ("a.C", ["phone"])]) == [
        "a.B.openid",
        "a.C.phone",
    ]


def test_no_line_leaves_a_question_open() -> None:
    for held in inventory.INVENTORY.held:
        assert all((held.what, held.purpose, held.keep, held.shown)), held


def test_what_the_self_check_wants_sealed_is_declared() -> None:
    """Rule V1 and the registry name the same columns, table by table."""
    from_check = {(table.replace("_", ".", 1), column) for table, column, _, _ in house._SEALED}
    declared = {(model.lower(), field) for model, field in inventory.INVENTORY.columns()}
    assert from_check <= declared
