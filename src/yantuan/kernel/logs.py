"""Log lines: one JSON object (or one plain line) per event, with the request's id and without personal data.

Three fences, because none alone is enough: exceptions give their type and where they happened, but of their own words only
what can't be personal; every text is then searched for the shapes of phones, ids, e-mail addresses, tokens and openids; and
the instance's own secrets are cut out wherever they turn up.
"""

from __future__ import annotations

import json
import logging
import logging.config
import random
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_request: ContextVar[str] = ContextVar("request_id", default="")

_SHAPES = (
    (re.compile(r"(?i)\b(bearer|token|secret|password|passwd|api_?key|session|cookie|signature|authorization)(\W{1,4})[^\s,;&'\"]{6,}"), r"\1\2***"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "***phone"),
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), "***id"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "***mail"),
    (re.compile(r"(?<![\w-])o[\w-]{27}(?![\w-])"), "***openid"),
    # 32 bytes in URL-safe base64, as our own tokens are: mixed case tells it from a word (one in a thousand has no digit).
    (re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{40,}(?![\w-])"), "***token"),
)  # fmt: skip
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\([^()]*\)")
_OWN: list[str] = []
"""Secrets of this instance, longest first."""


def request_id() -> str:
    """Id of the request being answered in this context; a fresh one outside of any."""
    return _request.get() or _new_name()


def _new_name() -> str:
    # A name, not a secret: the system's generator would cost more than the rest of the bookkeeping.
    return f"{random.getrandbits(48):012x}"


def begin_request(given: str = "") -> str:
    """Name the request of this context; answers its id."""
    name = given or _new_name()
    _request.set(name)
    return name


def keep_out(*values: str) -> None:
    """Never let these texts into a log line."""
    _OWN.extend(value for value in values if len(value) >= 8)
    _OWN.sort(key=len, reverse=True)


def scrub(text: str) -> str:
    """The text without anything that looks personal or secret."""
    for own in _OWN:
        if own in text:
            text = text.replace(own, "***own")
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def words_of(error: BaseException) -> str:
    """An exception's type and as many of its words as are harmless.

    Our own refusals are written to be shown. A database's words quote whole rows, so only its code and the constraint
    are kept. Of all others what is quoted, in brackets, or Chinese goes: names and addresses are.
    """
    kind = type(error).__name__
    code = getattr(error, "code", None)
    if isinstance(code, str) and hasattr(error, "zh"):
        provider = getattr(error, "provider_code", "") or getattr(error, "reason", "")
        return scrub(f"{kind}: {code} {provider}".rstrip())
    cause = error.__cause__ if error.__cause__ is not None else error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
        return f"{kind}: {state} {constraint or ''}".rstrip()
    first = str(error).split("\n", 1)[0][:300]
    return scrub(f"{kind}: {_CHINESE.sub('…', _QUOTED.sub('…', first))}")


def trace_of(error: BaseException) -> str:
    """Where it happened, innermost last, with the exceptions it came from; no values of variables, no source lines."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(parts) < 4:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-12:]
        places = [f"  {f.filename}:{f.lineno} {f.name}" for f in frames]
        parts.append("\n".join(["Traceback:", *places, words_of(current)]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nfrom ".join(parts)


class Scrubbing(logging.Formatter):
    """Base of both forms: makes the message of a record without personal data."""

    def words(self, record: logging.LogRecord) -> str:
        arguments = record.args
        if isinstance(arguments, tuple):
            arguments = tuple(words_of(a) if isinstance(a, BaseException) else a for a in arguments)
        try:
            text = str(record.msg) % arguments if arguments else str(record.msg)
        except (TypeError, ValueError):
            text = str(record.msg)
        if isinstance(record.msg, BaseException):
            text = words_of(record.msg)
        return scrub(text)

    def trace(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        return trace_of(error) if error is not None else ""


class JsonLines(Scrubbing):
    """One JSON object per line: at, level, logger, message, request_id, what was given as `extra={"fields": …}`, trace."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.words(record),
        }
        if request := _request.get():
            line["request_id"] = request
        line |= getattr(record, "fields", {})
        if trace := self.trace(record):
            line["trace"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(Scrubbing):
    """For a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        fields = "".join(f" {k}={v}" for k, v in getattr(record, "fields", {}).items())
        request = f" [{r}]" if (r := _request.get()) else ""
        trace = self.trace(record)
        return f"{at} {record.levelname} {record.name}{request} {self.words(record)}{fields}" + (
            f"\n{trace}" if trace else ""
        )


def settings(form: str) -> dict[str, Any]:
    """Django's LOGGING. `form`: json, text, or auto (plain on a terminal)."""
    plain = form == "text" or (form == "auto" and sys.stderr.isatty())
    kind = "PlainLines" if plain else "JsonLines"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"yantuan.kernel.logs.{kind}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "httpx": {"level": "WARNING"},
            # Not to Django's own handler, which would print the exception's words.
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},
            # Anybody may send a foreign Host; it is refused with 400 and is no trouble of ours.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "django_tasks": {"level": "WARNING"},
            "django_tasks_db": {"level": "WARNING"},
        },
    }


def configure(configuration: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG. Its default handlers are taken off: they print exceptions' own words."""
    logging.config.dictConfig(configuration)
    for name in ("django", "django.server", "django.request"):
        logging.getLogger(name).handlers.clear()
