"""What stays out of memory until it is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from yantuan.kernel.lean import Later

SOURCES = Path(__file__).resolve().parents[2] / "src"

WEB = "import yantuan.api.asgi; from django.urls import resolve; resolve('/api/orders/1'); resolve('/s/x')"
CONSOLE = "; resolve('/console/')"
WORKER = "import yantuan.commands.background"
SUPERVISOR = "import yantuan.commands.up"

TELL = "; import sys, json; print(json.dumps([n for n, m in sys.modules.items() if m is not None]))"


def _loaded(program: str, folder: Path) -> set[str]:
    """The modules a process of an instance on SQLite holds after that."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    environment |= {"YANTUAN_DATA": str(folder), "PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, "-c", program + TELL], env=environment, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("program", [WEB, WORKER], ids=["web", "worker"])
def test_serving_on_sqlite_leaves_out_what_few_requests_need(program: str, tmp_path: Path) -> None:
    loaded = _loaded(program, tmp_path)
    assert {"django.apps", "httpx", "yantuan.reports.sheets"} <= loaded
    assert loaded & {"xlsxwriter", "fpdf", "fontTools", "segno", "yantuan.readers.address", "yantuan.readers.jielong", "PIL.Image", "psycopg", "rich", "sqlparse.formatter", "cryptography.x509",
                     "unittest", "django.test.client", "django.db.migrations.executor"} == set()  # fmt: skip


def test_the_console_comes_with_the_first_request_for_it(tmp_path: Path) -> None:
    tables = {
        "yantuan.console.site",
        "yantuan.orders.admin",
        "unfold.admin",
        "django_otp.plugins.otp_totp.admin",
    }
    assert _loaded(WEB, tmp_path) & tables == set()
    assert tables <= _loaded(WEB + CONSOLE, tmp_path)


def test_the_supervisor_leaves_out_django(tmp_path: Path) -> None:
    loaded = _loaded(SUPERVISOR, tmp_path)
    assert "granian" in loaded
    assert (
        loaded
        & {"django", "pydantic", "urllib.request", "http.client", "tomllib", "uvloop.loop", "dotenv.main"}
        == set()
    )


def test_what_was_left_out_is_there_when_asked_for(tmp_path: Path) -> None:
    use = (
        "; from django.test import RequestFactory; from yantuan.media.pillow import Image"
        "; from yantuan.kernel.sheets.writing import xlsxwriter"
        "; assert RequestFactory().get('/x').path == '/x'; assert Image.new('L', (2, 3)).size == (2, 3)"
        "; assert xlsxwriter.Workbook.__name__ == 'Workbook'"
    )
    assert {"xlsxwriter", "PIL.Image", "django.test.client"} <= _loaded(WEB + use, tmp_path)


def test_a_module_that_is_not_there_says_so_when_used() -> None:
    missing = Later("no_such_module_anywhere")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        missing.anything  # noqa: B018 - asking is what imports it
