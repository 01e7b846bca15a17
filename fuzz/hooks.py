"""What schemathesis loads beside the document: real ids among the random ones, keys, counting, and one check of ours.

Read by name from the environment (SCHEMATHESIS_HOOKS); the world comes as a file named in YANTUAN_FUZZ_WORLD.
"""

from __future__ import annotations

import atexit
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

_WORLD = json.loads(Path(os.environ["YANTUAN_FUZZ_WORLD"]).read_text())
_ROLE = os.environ["YANTUAN_FUZZ_ROLE"]
_TALLY = Path(os.environ["YANTUAN_FUZZ_TALLY"])
_random = random.Random(int(os.environ["YANTUAN_FUZZ_SEED"]))
_count: Counter[str] = Counter()
_by_operation: Counter[str] = Counter()
_slow: list[tuple[float, str]] = []
_codes: Counter[str] = Counter()
_answered: Counter[str] = Counter()
_refused: Counter[str] = Counter()
_ME = _WORLD["roles"].get(_ROLE, {"own": {}})


def _sides() -> list[dict[str, str]]:
    """Mostly the caller's own shop, else both: what is mine should often succeed, what is another's must not."""
    own = _WORLD["sides"]["c" if _ROLE.startswith("other_") else "a"]
    return [own] if _random.random() < 0.75 else list(_WORLD["sides"].values())


def _pool(name: str) -> list[str]:
    """Ids of both shops that may stand where a parameter or field of this name is asked for."""
    bare = name.removesuffix("_ids").removesuffix("s").removesuffix("_id").removesuffix("_media")
    found = [v for side in _sides() for k, v in side.items() if _fits(k, bare)]
    found += [
        v for k, v in _ME["own"].items() if k == bare or (bare in ("media", "picture", "paper", "avatar"))
    ]
    return found


def _fits(key: str, bare: str) -> bool:
    if bare == "aftersale":
        return key.endswith("_case_id")
    if bare == "group_buy":
        return key in ("group_buy_id", "draft_id")
    if bare == "code":
        return key in ("code", "store_code")
    if bare == "order_line":
        return key in ("line_id", "received_line_id")
    if bare == "pickup_point":
        return key == "point_id"
    return key in (bare, f"{bare}_id") or key.endswith(f"_{bare}_id")


def _real(name: str, value: Any) -> Any:
    """Nine times in ten a row that exists stands where a random id stood."""
    if _random.random() < 0.1:
        return value
    if name == "offer_id":
        offers = [o for side in _sides() for o in side["offers"].split(",")]
        return _random.choice(offers)
    pool = _pool(name)
    return _random.choice(pool) if pool else value


def _with_real_ids(body: Any) -> Any:
    if isinstance(body, dict):
        return {
            key: _real(key, value)
            if isinstance(value, str | int) and key.endswith("_id")
            else [_real(key, v) for v in value]
            if isinstance(value, list) and key.endswith("_ids")
            else _with_real_ids(value)
            for key, value in body.items()
        }
    return [_with_real_ids(item) for item in body] if isinstance(body, list) else body


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Point the request at rows that exist, and give writes a key."""
    if isinstance(case.path_parameters, dict):
        for name, value in list(case.path_parameters.items()):
            case.path_parameters[name] = _real(name, value)
    if isinstance(case.body, dict | list):
        case.body = _with_real_ids(case.body)
    if case.method.upper() != "GET" and _random.random() < 0.95:
        case.headers["Idempotency-Key"] = f"fuzz-{_random.getrandbits(64):x}"


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Count what came back."""
    _count[str(response.status_code)] += 1
    _by_operation[case.operation.label] += 1
    if response.status_code < 300:
        _answered[case.operation.label] += 1
    elif response.status_code != 405:
        code = response.json().get("code") if b'"code"' in response.content else ""
        _refused[f"{case.operation.label} {response.status_code} {code}"] += 1
    if response.status_code >= 500:
        _codes[f"{response.status_code} {case.operation.label} {response.content[:120]!r}"] += 1
    _slow.append((response.elapsed, case.operation.label))
    _slow.sort(reverse=True)
    del _slow[10:]


@schemathesis.check
def refusals_keep_the_envelope(ctx: CheckContext, response: Response, case: Case) -> None:
    """Every refusal is {code, message, message_en, details, request_id}; nothing of the inside shows."""
    if response.status_code < 400 or case.operation.path.startswith("/api/auth/wechat/"):
        # The way back from WeChat is opened by a person: it answers a page.
        return
    body = response.json()
    missing = {"code", "message", "message_en", "details", "request_id"} - set(body)
    assert not missing, f"the refusal lacks {missing}"
    text = response.content.decode()
    for word in ("Traceback", "site-packages", "SELECT ", "psycopg", "sqlite3.", "/src/yantuan/"):
        assert word not in text, f"the refusal shows {word}"


@atexit.register
def _write() -> None:
    tally = {
        "status": dict(_count),
        "operations": len(_by_operation),
        "answered": sorted(_answered),
        "failures": dict(_codes),
        "refused": dict(_refused),
        "slowest": _slow[:3],
    }
    _TALLY.write_text(json.dumps(tally))
