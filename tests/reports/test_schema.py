"""The guards of docs/checks.md stand in the live schema of the engine under test, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection

DOCS = Path(__file__).resolve().parents[2] / "docs" / "checks.md"


def documented() -> dict[str, set[str]]:
    """Table → names of its guards, as the page lists them."""
    listed = re.findall(r"^- `(\w+)`: (.+)$", DOCS.read_text(), flags=re.MULTILINE)
    return {table: set(re.findall(r"`(\w+)`", names)) for table, names in listed}


def live(table: str) -> set[str]:
    """CHECKs and named UNIQUEs of a table; keys, plain indexes and what Django names by itself are left out."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    guards = {n for n, c in found.items() if (c["check"] or c["unique"]) and not c["primary_key"]}
    unnamed = rf"_[0-9a-f]{{8}}(_uniq)?$|^{table}_.*(_key|_check\d*)$|^__|_not_null$"
    return {n for n in guards if not re.search(unnamed, n)}


@pytest.mark.django_db
def test_the_documented_guards_are_the_live_ones() -> None:
    wanted = documented()
    assert len(wanted) > 20
    assert {table: live(table) for table in wanted} == wanted


@pytest.mark.django_db
def test_no_other_table_of_ours_has_undocumented_guards() -> None:
    tables = set(connection.introspection.table_names()) - documented().keys()
    ours = {t for t in tables if not t.startswith(("django_", "auth_", "otp_"))}
    assert {t: live(t) for t in ours if live(t)} == {}
