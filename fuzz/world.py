"""Fills the data folder of a running demo with two shops and a session for every kind of caller; prints them as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
django.setup()

from matrix import town  # noqa: E402
from yantuan.identity import sessions  # noqa: E402

SPARE = 3
"""Sessions per caller that may be signed out."""


def main() -> None:
    """Through the product's own verbs, each in its own transaction: the running service is not kept waiting."""
    built = town.build()
    roles = {}
    for role in ("buyer", "other_buyer", "leader", "other_leader", "applicant", "suspended"):
        person = built.callers[role].person
        assert person is not None
        tokens = [sessions.start(person, "mp") for _ in range(1 + SPARE)]
        own = {name: str(value) for name, value in built.callers[role].own.items()}
        roles[role] = {"token": tokens[0], "spare": tokens[1:], "own": own}
    sides = {name: _ids(side) for name, side in built.sides.items() if name != "absent"}
    sys.stdout.write(json.dumps({"roles": roles, "sides": sides, "invite_code": built.code}))


def _ids(side: town.Side) -> dict[str, str]:
    data = side.data
    more = {
        "line_id": data["paid_line"],
        "received_line_id": data["received_line"],
        "offers": ",".join(str(offer) for offer in data["offers"]),
        "product_picture_id": data["product_picture"],
    }
    return {key: str(value) for key, value in (side.ids | more).items()}


if __name__ == "__main__":
    main()
