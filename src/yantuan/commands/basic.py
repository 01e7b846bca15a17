"""Commands that work inside Django: migrate, demo, createoperator, check, openapi."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import secrets
import sys

import django
from django.core.management import call_command

django.setup()

from yantuan.api.main import api  # noqa: E402 - models can be imported only after Django is set up
from yantuan.demo.load import load_demo  # noqa: E402
from yantuan.identity.actions import create_operator  # noqa: E402
from yantuan.kernel.config import config, data_folder  # noqa: E402
from yantuan.kernel.errors import AppError  # noqa: E402
from yantuan.kernel.schema import SchemaMismatch, refuse_newer  # noqa: E402
from yantuan.reports.command import check_command  # noqa: E402


def migrate(options: argparse.Namespace) -> int:
    """Bring the database to this version and collect the console's static files; exit 3 when a newer version owns it."""
    data_folder().mkdir(parents=True, exist_ok=True)
    try:
        refuse_newer()
    except SchemaMismatch as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 3
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    return 0


def demo(options: argparse.Namespace) -> int:
    """Fill the demo shop; refuses on a shop that isn't a demo."""
    if not config().demo:
        sys.stderr.write(
            "this instance is not a demo: set YANTUAN_DEMO=1 for one that may be filled with demo data\n"
        )
        return 2
    load_demo()
    return 0


def createoperator(options: argparse.Namespace) -> int:
    """Make an operator; the password comes from $YANTUAN_OPERATOR_PASSWORD, a prompt, or is made up and printed once."""
    password = os.environ.get("YANTUAN_OPERATOR_PASSWORD", "")
    if not password and sys.stdin.isatty():
        password = getpass.getpass("密码 password (empty: make one up): ")
    shown = ""
    if not password:
        password = shown = secrets.token_urlsafe(12)
    try:
        create_operator(options.username, password)
    except AppError as error:
        sys.stderr.write(f"{error.zh} ({error.en})\n")
        return 2
    sys.stdout.write(
        f"operator {options.username} created" + (f", password: {shown}" if shown else "") + "\n"
    )
    return 0


def check(options: argparse.Namespace) -> int:
    """Exit 0 clean, 1 violations, 2 could not check."""
    return check_command(json=options.json, rules=options.rule, since=options.since, store_id=options.store)


def openapi(options: argparse.Namespace) -> int:
    """Print the OpenAPI document the app's client is generated from."""
    document = api.get_openapi_schema(path_prefix="/api")
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n")
    return 0
