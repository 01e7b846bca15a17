"""Log lines: nothing personal gets through, however it fails; each names its request."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.identity.models import Person
from yantuan.kernel import logs
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.kernel.ids import new_token

PHONE, NAME, ADDRESS = "13912345678", "欧阳晓梅", "梧桐路九号三单元"
OPENID = "oAb1-2cdEFghIJklMNopQRstUVwx"
ID_NUMBER, MAIL = "11010519491231002X", "xiaomei@example.com"
TOKEN = "aZ3_" + "kQ9x" * 10
SEEDS = (PHONE, NAME, ADDRESS, OPENID, ID_NUMBER, MAIL, TOKEN)


@pytest.fixture(params=[logs.JsonLines, logs.PlainLines])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a logger of its own writes in this form."""
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    handler.setFormatter(request.param())
    logger = logging.getLogger("yantuan.test")
    logger.addHandler(handler)
    logger.propagate = False
    yield sink
    logger.removeHandler(handler)
    logger.propagate = True


def _assert_clean(text: str) -> None:
    assert text
    assert [seed for seed in SEEDS if seed in text] == []


def _raise(error: BaseException) -> None:
    raise error


FAILURES = [
    ValueError(f"cannot read '{NAME}' at ({ADDRESS})"),
    ValueError(f"{NAME} {PHONE} {MAIL} {ID_NUMBER}"),
    KeyError(PHONE),
    RuntimeError(f"openid {OPENID} has token={TOKEN}"),
    UnicodeEncodeError("ascii", NAME, 0, 2, "ordinal not in range"),
    GatewayRefused("sms", "isv.MOBILE", f"{PHONE} {NAME}"),
    GatewayUnavailable("wechat", "ReadTimeout"),
    NotFound(),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_a_failure_gives_its_place_and_nothing_of_a_person(written: io.StringIO, error: Exception) -> None:
    try:
        try:
            _raise(error)
        except Exception as cause:
            raise RuntimeError("outer") from cause
    except RuntimeError:
        logging.getLogger("yantuan.test").exception("work on %s failed", 7)
    text = written.getvalue()
    _assert_clean(text)
    assert "work on 7 failed" in text
    assert type(error).__name__ in text
    assert "test_logs.py" in text and "_raise" in text


@pytest.mark.parametrize("seed", SEEDS[:1] + SEEDS[3:])
def test_shapes_are_found_in_any_message(written: io.StringIO, seed: str) -> None:
    logging.getLogger("yantuan.test").warning("about %s and more", seed)
    logging.getLogger("yantuan.test").warning("error: %s", ValueError(seed))
    _assert_clean(written.getvalue())
    assert "and more" in written.getvalue()


@pytest.mark.django_db
def test_a_database_s_words_quote_rows_so_they_stay_out(written: io.StringIO) -> None:
    Person.objects.create(nickname=NAME, phone_hash=PHONE, created_at=now())
    try:
        with transaction.atomic():
            Person.objects.create(nickname=NAME, phone_hash=PHONE, created_at=now())
    except IntegrityError:
        logging.getLogger("yantuan.test").exception("not stored")
    text = written.getvalue()
    _assert_clean(text)
    assert "IntegrityError" in text
    if connection.vendor == "postgresql":
        assert "23505" in text and "phone_hash" in text


def test_ids_of_ours_stay_readable(written: io.StringIO) -> None:
    kept = [
        "R1234567890123456789",
        "T0190000000000000001",
        "1234567890123456789",
        "orders.0002_state_sets",
        "yantuan.payments",
    ]
    logging.getLogger("yantuan.test").warning("numbers %s", " ".join(kept))
    assert all(word in written.getvalue() for word in kept)


def test_own_secrets_are_cut_out(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_OWN", [])
    logs.keep_out("plain-password-of-smtp", "")
    logging.getLogger("yantuan.test").warning("login with plain-password-of-smtp failed")
    assert "plain-password-of-smtp" not in written.getvalue()
    assert config().secret_key in config().secrets


def test_a_fresh_token_is_seen_whatever_it_looks_like(written: io.StringIO) -> None:
    for _ in range(199):
        logging.getLogger("yantuan.test").warning("got %s", new_token())
    logging.getLogger("yantuan.test").warning("got %s", "aBcD-eFgH_" * 4 + "iJk")
    lines = written.getvalue().splitlines()
    assert len(lines) == 200
    assert all("***token" in line for line in lines)


def test_json_lines_are_json_and_name_the_request() -> None:
    record = logging.LogRecord("yantuan.x", logging.ERROR, __file__, 1, "a\nb %s", ("c",), None)
    record.fields = {"route": "place", "ms": 1.5}
    logs.begin_request("abc123def456")
    line = logs.JsonLines().format(record)
    logs.begin_request()
    assert "\n" not in line
    read = json.loads(line)
    assert (read["message"], read["level"], read["logger"]) == ("a\nb c", "ERROR", "yantuan.x")
    assert (read["request_id"], read["route"], read["ms"]) == ("abc123def456", "place", 1.5)
