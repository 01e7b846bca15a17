"""Storms: one leader's rush beside another leader's calm sale, and junk at the payment provider's door beside orders.

Each round is made on a fresh copy; afterwards the books agree with the answers and `yantuan check` finds nothing.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import psutil

from bench.load import Figures, request_bytes, run
from bench.paced import beside, paced
from bench.paying import provider
from bench.place import WARM_UP, Checkouts, agree
from bench.service import Service, service
from bench.stage import Copy, Stage, run_module
from ports import free_port
from yantuan.simulator.keyring import KeyRing

STORM_CLIENTS = 256
CALM_CLIENTS, CALM_RATE = 16, 20
"""Enough buyers that each order is sent when it is due, however long the one before it takes."""
BUYERS, JUNK_CLIENTS, JUNK_RATE = 16, 64, 1_000
_HIGHEST_RATE = 9_000
_DOOR = "/notify/wechatpay/transactions"
_LONG = 100_000


def neighbours_round(stage: Stage, seconds: float) -> dict[str, Any]:
    """Leader A's sale taken by 256 buyers without a pause; leader B's gets twenty orders a second, alone and then beside A's."""
    with stage.copy() as copy, service(copy) as running, beside() as other:
        checkouts = Checkouts(running.port)
        placed = _warm_up(running, checkouts, STORM_CLIENTS)
        alone = _calm(other, running, checkouts, seconds).result()
        hot = checkouts.prepare("hot", int(_HIGHEST_RATE * (seconds + 1)))
        calm = _calm(other, running, checkouts, seconds)
        storm = run(running.port, STORM_CLIENTS, seconds, hot)
        beside_it = calm.result()
        placed += sum(one.statuses[201] for one in (alone, storm, beside_it))
        agree(copy, placed)
        _clean(copy)
    refused = {
        name: dict(one.refusals.most_common(3)) for name, one in (("storm", storm), ("calm", beside_it))
    }
    return {
        "alone": alone.summary(),
        "storm": storm.summary(),
        "calm": beside_it.summary(),
        "refused": refused,
    }


def junk_round(stage: Stage, seconds: float) -> dict[str, Any]:
    """Sixteen buyers without and with a thousand junk notices a second at the provider's door."""
    with stage.copy() as copy:
        port = free_port()
        settings = provider(copy, "http://127.0.0.1:9", port)
        with service(copy, port=port, **settings) as running, beside() as other:
            checkouts = Checkouts(port)
            placed = _warm_up(running, checkouts, BUYERS)
            alone = run(port, BUYERS, seconds, checkouts.prepare("hot", int(_HIGHEST_RATE * seconds)))
            messages = checkouts.prepare("hot", int(_HIGHEST_RATE * seconds))
            notices = junk(copy, port)
            before = _web_rss(running)
            coming = other.submit(paced, port, JUNK_CLIENTS, JUNK_RATE, seconds, notices)
            orders = run(port, BUYERS, seconds, messages)
            refused = coming.result()
            after = _web_rss(running)
        placed += alone.statuses[201] + orders.statuses[201]
        _only({201}, alone, orders)
        _only({400, 401, 413}, refused)
        agree(copy, placed)
        _clean(copy, **settings)
        kept = json.loads(run_module("bench.paid", "0", env=copy.environment(**settings)))
    if kept != {"paid": 0, "notices": 0}:
        raise AssertionError(f"junk was kept: {kept}")
    return {
        "alone": alone.summary(),
        "orders": orders.summary(),
        "junk": refused.summary() | {"offered": JUNK_RATE},
        "orders_ratio": round(orders.rate / alone.rate, 3),
        "rss_before": before,
        "rss_grown": round(after - before, 1),
    }


def junk(copy: Copy, port: int) -> list[bytes]:
    """A hundred different notices nobody signed: forged signatures, no signature, noise, and bodies of 100 kB."""
    key = KeyRing(copy.data / "simulator").current("public_key")
    forged = [_forged(port, key.key_id, secrets.token_bytes(256), 900) for _ in range(50)]
    bare = [
        request_bytes("POST", _DOOR, port, b'{"id":"EV-%d"}' % n, Content_Type="application/json")
        for n in range(20)
    ]
    noise = [request_bytes("POST", _DOOR, port, secrets.token_bytes(700)) for _ in range(20)]
    long = [_forged(port, key.key_id, secrets.token_bytes(256), _LONG) for _ in range(10)]
    mixed = [*forged, *bare, *noise, *long]
    secrets.SystemRandom().shuffle(mixed)
    return mixed


def _forged(port: int, serial: str, signature: bytes, length: int) -> bytes:
    """All a genuine notice has, but the signature."""
    body = json.dumps(
        {"id": secrets.token_hex(8), "event_type": "TRANSACTION.SUCCESS", "resource": "x" * length}
    )
    headers = {
        "Wechatpay-Timestamp": str(int(time.time())), "Wechatpay-Nonce": secrets.token_hex(16), "Wechatpay-Serial": serial,
        "Wechatpay-Signature": base64.b64encode(signature).decode(), "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Content-Type": "application/json",
    }  # fmt: skip
    return request_bytes("POST", _DOOR, port, body.encode(), **headers)


def _warm_up(running: Service, checkouts: Checkouts, clients: int) -> int:
    """Orders placed before anything is measured."""
    warm = run(running.port, clients, WARM_UP, checkouts.prepare("hot", int(_HIGHEST_RATE * WARM_UP)))
    _only({201}, warm)
    return warm.statuses[201]


def _calm(other: ProcessPoolExecutor, running: Service, checkouts: Checkouts, seconds: float) -> Any:
    messages = checkouts.prepare("calm", int(CALM_RATE * seconds))
    return other.submit(paced, running.port, CALM_CLIENTS, CALM_RATE, seconds, messages)


def _only(statuses: set[int], *runs: Figures) -> None:
    for one in runs:
        if set(one.statuses) - statuses or one.lost:
            raise AssertionError(
                f"unexpected answers: {dict(one.statuses)}, {one.lost} lost, {dict(one.refusals)}"
            )


def _web_rss(running: Service) -> float:
    """MiB of the web processes with their supervisor."""
    web: list[psutil.Process] = running.processes()["web"]
    return round(sum(process.memory_info().rss for process in web) / 2**20, 1)


def _clean(copy: Copy, **settings: str) -> None:
    """Raises CalledProcessError when the self-check finds anything."""
    run_module("yantuan", "check", "--json", env=copy.environment(**settings))
