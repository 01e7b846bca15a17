"""The proxy that the races and the soak break lines with: each of its faults does what it says, and heals."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.conf import settings

from harness.pgproxy import PgProxy, pg_proxy

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="needs --db=postgres"
    ),
]


@pytest.fixture
def proxy() -> Iterator[PgProxy]:
    chosen = settings.DATABASES["default"]
    url = f"postgresql://{chosen['USER']}@{chosen['HOST']}:{chosen['PORT']}/postgres"
    with pg_proxy(url) as running:
        yield running


@pytest.fixture
def table(proxy: PgProxy) -> Iterator[str]:
    with psycopg.connect(proxy.url, autocommit=True) as line:
        line.execute("DROP TABLE IF EXISTS proxy_marks")
        line.execute("CREATE TABLE proxy_marks (mark int)")
    yield "proxy_marks"
    proxy.heal()
    with psycopg.connect(proxy.url, autocommit=True) as line:
        line.execute("DROP TABLE proxy_marks")


def _marks(proxy: PgProxy) -> list[int]:
    with psycopg.connect(proxy.url) as line:
        return [row[0] for row in line.execute("SELECT mark FROM proxy_marks ORDER BY 1")]


def _took(line: psycopg.Connection[tuple[object, ...]], statements: int) -> float:
    begun = time.monotonic()
    for _ in range(statements):
        line.execute("SELECT %s::int", [1])
    return time.monotonic() - begun


def test_a_delay_is_per_statement_and_heals(proxy: PgProxy) -> None:
    with psycopg.connect(proxy.url, autocommit=True) as line:
        proxy.slow(80)
        before = proxy.counted.statements
        assert _took(line, 3) >= 0.24
        assert proxy.counted.statements - before == 3
        proxy.heal()
        assert _took(line, 3) < 0.24


def test_statements_that_travel_together_wait_together(proxy: PgProxy) -> None:
    with psycopg.connect(proxy.url, autocommit=True) as line:
        proxy.slow(80)
        before = proxy.counted.statements
        with line.pipeline():
            answers = [line.execute("SELECT %s::int", [n]) for n in range(5)]
        assert [answer.fetchone() for answer in answers] == [(n,) for n in range(5)]
        assert proxy.counted.statements - before <= 2


def test_a_lost_reply_of_commit_leaves_the_work_done(proxy: PgProxy, table: str) -> None:
    line = psycopg.connect(proxy.url)
    line.execute("INSERT INTO proxy_marks VALUES (1)")
    proxy.lose_commit_replies(1)
    with pytest.raises(psycopg.OperationalError):
        line.commit()
    assert (_marks(proxy), proxy.counted.replies_lost) == ([1], 1)


def test_a_cut_before_commit_leaves_nothing(proxy: PgProxy, table: str) -> None:
    line = psycopg.connect(proxy.url)
    line.execute("INSERT INTO proxy_marks VALUES (1)")
    assert proxy.reset_all() >= 1
    with pytest.raises(psycopg.OperationalError):
        line.commit()
    assert _marks(proxy) == []


def test_a_black_hole_answers_nothing_until_it_heals(proxy: PgProxy) -> None:
    answers: list[object] = []
    with psycopg.connect(proxy.url, autocommit=True) as line:
        proxy.black_hole()
        asking = threading.Thread(target=lambda: answers.append(line.execute("SELECT 7").fetchone()))
        asking.start()
        asking.join(0.3)
        assert asking.is_alive() and answers == []
        proxy.heal()
        asking.join(10)
    assert answers == [(7,)]


def test_a_line_is_cut_after_so_many_bytes_and_refused_when_told(proxy: PgProxy) -> None:
    with ExitStack() as stack:
        line = stack.enter_context(psycopg.connect(proxy.url, autocommit=True))
        proxy.cut_after(3000)
        with pytest.raises(psycopg.OperationalError):
            line.execute("SELECT repeat('x', 10000)")
    proxy.heal()
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(proxy.url, connect_timeout=5)
    proxy.heal()
    with psycopg.connect(proxy.url) as line:
        assert line.execute("SELECT 1").fetchone() == (1,)
