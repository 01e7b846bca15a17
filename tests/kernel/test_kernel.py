"""Ids, tokens, audit chain, idempotency, rate limits."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection, transaction

import yantuan
from yantuan.kernel import audit, idempotency, ratelimit
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.db import refuse_in_transaction
from yantuan.kernel.errors import Conflict, Invalid, TooMany
from yantuan.kernel.ids import IdMaker, invite_code_text, normalise_code
from yantuan.kernel.models import AuditEntry, IdempotencyRecord
from yantuan.kernel.tokens import seal, unseal


def test_ids_are_unique_positive_and_rise() -> None:
    maker = IdMaker(cell=3, node=5)
    got: list[list[int]] = [[], [], []]
    threads = [
        threading.Thread(target=lambda part=part: part.extend(maker.next() for _ in range(5000)))
        for part in got
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [i for part in got for i in part]
    assert len(set(everything)) == 15_000
    assert all(0 < i < 2**63 and i >> 18 & 15 == 3 and i >> 8 & 1023 == 5 for i in everything)
    assert all(part == sorted(part) for part in got)


@pytest.mark.parametrize(
    "typed", ["ab0l-2345-67890", "AB01 2345 67890", "ａｂＯ１-２３４５-６７８９０", " AbOi234567890 "]
)
def test_codes_read_the_same_however_typed(typed: str) -> None:
    assert normalise_code(typed) == "AB01234567890"


def test_an_invite_code_carries_sixty_five_bits() -> None:
    assert len({invite_code_text() for _ in range(100)}) == 100
    assert all(len(code) == 13 and normalise_code(code) == code for code in [invite_code_text()])


def test_sealed_text_opens_only_for_its_purpose() -> None:
    sealed = seal("phone", "13812341234")
    assert "1381234" not in sealed
    assert unseal("phone", sealed) == "13812341234"
    with pytest.raises(InvalidTag):
        unseal("paper", sealed)


@pytest.mark.django_db
def test_the_audit_chain_shows_a_changed_row() -> None:
    for n in range(3):
        audit.record(Actor("operator", 7), "leader.suspend", "leader", n, reason="测试")
    rows = list(AuditEntry.objects.order_by("seq"))
    assert [r.seq for r in rows] == [1, 2, 3]
    assert [r.prev_hash for r in rows] == ["", rows[0].hash, rows[1].hash]
    assert all(audit.entry_hash(r) == r.hash for r in rows)
    rows[1].reason = "别的"
    assert audit.entry_hash(rows[1]) != rows[1].hash


@pytest.mark.django_db(transaction=True)
def test_one_key_works_once_and_replays_its_answer() -> None:
    calls: list[int] = []

    def work() -> tuple[int, object]:
        calls.append(1)
        return 201, {"n": len(calls)}

    assert idempotency.once("s", "k", b"a", work) == (201, {"n": 1})
    assert idempotency.once("s", "k", b"a", work) == (201, {"n": 1})
    with pytest.raises(Conflict):
        idempotency.once("s", "k", b"b", work)
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_a_refusal_leaves_no_record() -> None:
    def refuse() -> tuple[int, object]:
        raise Invalid("nope", "不行", "no")

    with pytest.raises(Invalid):
        idempotency.once("s", "k", b"a", refuse)
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.django_db
def test_a_rate_limit_ends_with_its_window() -> None:
    start = now().replace(second=0, microsecond=0)
    with frozen(start):
        for _ in range(3):
            ratelimit.hit("sms/1", limit=3, seconds=60)
        with pytest.raises(TooMany) as caught:
            ratelimit.hit("sms/1", limit=3, seconds=60)
        assert caught.value.retry_after == 60
        ratelimit.hit("sms/2", limit=3, seconds=60)
    with frozen(start + timedelta(seconds=60)):
        ratelimit.hit("sms/1", limit=3, seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_remote_call_inside_a_transaction_is_refused() -> None:
    refuse_in_transaction()
    with transaction.atomic(), pytest.raises(RuntimeError):
        refuse_in_transaction()
    assert not connection.in_atomic_block
    assert SYSTEM.id is None


def test_processes_of_one_machine_make_ids_apart(tmp_path: Path) -> None:
    """Eight processes at once, each a thousand ids: none twice. Without nodes of their own they meet at once."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from yantuan.kernel import ids\n"
        "print(ids.new_id()); sys.stdout.flush(); sys.stdin.readline()\n"
        "print('\\n'.join(str(ids.new_id()) for _ in range(1000)))"
    )
    source = str(Path(yantuan.__file__).parent.parent)
    environment = {**os.environ, "YANTUAN_DATA": str(tmp_path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, source],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    first = [int(process.stdout.readline()) for process in started if process.stdout]
    nodes = {one >> 8 & 1023 for one in first}
    rest = [int(line) for process in started for line in process.communicate("\n")[0].split()]
    assert len(nodes) == 8
    assert len(set(first + rest)) == 8 * 1001


def test_a_fork_takes_a_node_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANTUAN_DATA", str(tmp_path))
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from yantuan.kernel import ids\n"
        "mine = ids.new_id() >> 8 & 1023\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(write, str(ids.new_id() >> 8 & 1023).encode()); os._exit(0)\n"
        "os.wait(); print(mine, os.read(read, 9).decode())"
    )
    source = str(Path(yantuan.__file__).parent.parent)
    answer = subprocess.run([sys.executable, "-c", code, source], capture_output=True, text=True, check=True)
    parent, child = answer.stdout.split()
    assert parent != child


def _ids_of_one_process(folder: Path, hours_ahead: int) -> list[int]:
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); real = time.time_ns\n"
        "time.time_ns = lambda: real() + int(sys.argv[2]) * 3_600_000_000_000\n"
        "from yantuan.kernel import ids\n"
        "print('\\n'.join(str(ids.new_id()) for _ in range(1000)))"
    )
    source = str(Path(yantuan.__file__).parent.parent)
    answer = subprocess.run(
        [sys.executable, "-c", code, source, str(hours_ahead)],
        env={**os.environ, "YANTUAN_DATA": str(folder)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(line) for line in answer.stdout.split()]


def test_a_clock_set_back_between_two_starts_repeats_no_id(tmp_path: Path) -> None:
    """Each process begins after all that one with its node may have used before."""
    first, second, third = (_ids_of_one_process(tmp_path, hours) for hours in (1, 0, -1))
    assert len({one >> 8 & 1023 for one in first + second + third}) == 1
    assert first == sorted(set(first)) and first[-1] < second[0]
    assert second == sorted(set(second)) and second[-1] < third[0]
    # A file of rubbish, or from a clock that stood in another century, is not believed.
    lock = next(tmp_path.glob("ids-0.lock"))
    for text in ("nonsense", "9" * 19, ""):
        lock.write_text(text)
        assert _ids_of_one_process(tmp_path, 0)[-1] < first[0]
