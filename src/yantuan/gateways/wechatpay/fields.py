"""Careful reading of provider JSON: unknown fields are ignored, known ones must have the promised type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


class Malformed(ValueError):
    """A known field is missing or has the wrong type; the message names the field, never the value."""


def _no_float(text: str) -> float:
    raise Malformed("a number with a fraction where only integers exist")


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object; fractions, NaN and non-objects are refused. Raises Malformed."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


class Fields:
    """Typed access to one JSON object."""

    def __init__(self, value: Mapping[str, Any], path: str = "") -> None:
        self._value = value
        self._path = path

    def text(self, name: str, *, required: bool = False) -> str:
        """A string; absent and null read as empty unless required. Raises Malformed."""
        value = self._value.get(name)
        if value is None:
            value = ""
        if not isinstance(value, str):
            raise Malformed(f"{self._path}{name} is not text")
        if required and not value:
            raise Malformed(f"{self._path}{name} is missing")
        return value

    def fen(self, name: str) -> int | None:
        """A non-negative integer amount in fen, or None if absent.

        Raises Malformed (also for true, 1.0 and "1").
        """
        value = self._value.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Malformed(f"{self._path}{name} is not an amount in fen")
        return value

    def moment(self, name: str) -> datetime | None:
        """An RFC 3339 time with zone, or None if absent. Raises Malformed."""
        value = self.text(name)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise Malformed(f"{self._path}{name} is not a time") from error
        if moment.tzinfo is None:
            raise Malformed(f"{self._path}{name} has no zone")
        return moment

    def inner(self, name: str) -> Fields:
        """A nested object; absent and null read as empty. Raises Malformed."""
        value = self._value.get(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise Malformed(f"{self._path}{name} is not an object")
        return Fields(value, f"{self._path}{name}.")

    def each(self, name: str) -> list[Fields]:
        """A list of objects; absent and null read as empty. Raises Malformed."""
        value = self._value.get(name)
        if value is None:
            value = []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise Malformed(f"{self._path}{name} is not a list of objects")
        return [Fields(entry, f"{self._path}{name}.") for entry in value]

    def words(self, name: str) -> tuple[str, ...]:
        """A list of strings; absent and null read as empty. Raises Malformed."""
        value = self._value.get(name)
        if value is None:
            value = []
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise Malformed(f"{self._path}{name} is not a list of texts")
        return tuple(value)
