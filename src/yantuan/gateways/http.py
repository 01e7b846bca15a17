"""The one way gateways speak HTTP.

Strict time-outs, no redirects, bounded answers, careful repeats, a second host.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx

from yantuan.gateways.errors import GatewayError, GatewayThrottled, GatewayUnavailable, GatewayUnverified
from yantuan.kernel import held, metrics
from yantuan.kernel.db import refuse_in_transaction

T = TypeVar("T")

# At INFO httpx writes whole addresses, and some providers want secrets and phone numbers in the query.
logging.getLogger("httpx").setLevel(logging.WARNING)

USER_AGENT = "yantuan/0.1 (+httpx)"
TIMEOUTS = httpx.Timeout(connect=5.0, read=15.0, write=15.0, pool=5.0)
ANSWER_LIMIT = 2 * 1024 * 1024
"""Bytes of an ordinary answer; more is garbage."""
ANSWER_SECONDS = 30.0
"""A peer that drips bytes is cut off after this long, whatever the read time-out allows."""
FAILURES_BEFORE_SWITCH = 2
SWITCH_SECONDS = 60.0
"""How long the second host is used before the first is tried again."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

HeaderMaker = Callable[[str], Mapping[str, str]]
"""Given the exact path with query that goes over the wire, answers the headers (signatures are made here)."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer; `body` is what came, never re-encoded."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` tries in all, none started later than `budget_seconds` after the first."""

    attempts: int = 3
    budget_seconds: float = 12.0
    first_pause: float = 0.2


class HttpCaller:
    """A shared connection pool to one provider, thread-safe.

    All parts that read time or chance can be given by tests.
    """

    def __init__(
        self,
        provider: str,
        base_urls: Sequence[str],
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not base_urls:
            raise ValueError("a gateway needs a base URL")
        self.provider = provider
        self.base_urls = tuple(url.rstrip("/") for url in base_urls)
        self._client = httpx.Client(
            timeout=TIMEOUTS,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"},
        )
        self._sleep, self._monotonic, self._chance = sleep, monotonic, chance
        self._lock = threading.Lock()
        self._active = 0
        self._failures = 0
        self._switched_at = 0.0

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderMaker | None = None,
        content: bytes = b"",
        limit: int = ANSWER_LIMIT,
    ) -> HttpAnswer:
        """One try.

        `target` is the encoded path with query. Raises GatewayUnavailable; any status is an answer.
        """
        refuse_in_transaction()
        if held.is_held():
            raise GatewayUnavailable(self.provider, "a restored copy, not released", sent=False)
        base = self._pick()
        request = self._client.build_request(method, base + target, content=content or None)
        request.headers.update(dict(headers(request.url.raw_path.decode("ascii"))) if headers else {})
        try:
            answer = self._read(request, limit)
        except _NEVER_SENT as error:
            metrics.count("provider_calls", self.provider, "unreachable")
            self._failed(base)
            raise GatewayUnavailable(self.provider, type(error).__name__, sent=False) from error
        except httpx.HTTPError as error:
            metrics.count("provider_calls", self.provider, "broken")
            raise GatewayUnavailable(self.provider, type(error).__name__) from error
        metrics.count("provider_calls", self.provider, f"{answer.status // 100}xx")
        self._reached(base)
        return answer

    def _read(self, request: httpx.Request, limit: int) -> HttpAnswer:
        deadline = self._monotonic() + ANSWER_SECONDS
        response = self._client.send(request, stream=True)
        try:
            parts: list[bytes] = []
            size = 0
            for part in response.iter_bytes():
                size += len(part)
                if size > limit:
                    raise GatewayUnavailable(
                        self.provider, "answer too long", http_status=response.status_code
                    )
                if self._monotonic() > deadline:
                    raise GatewayUnavailable(
                        self.provider, "answer too slow", http_status=response.status_code
                    )
                parts.append(part)
            return HttpAnswer(response.status_code, response.headers, b"".join(parts))
        finally:
            response.close()

    def retrying(self, work: Callable[[], T], *, policy: RetryPolicy, repeatable: bool = True) -> T:
        """Run `work`, repeating it after passing failures.

        With `repeatable=False` only if nothing was ever sent.
        """
        started = self._monotonic()
        for attempt in range(policy.attempts):
            try:
                return work()
            except GatewayError as error:
                pause = policy.first_pause * (2**attempt) * (0.5 + self._chance())
                late = self._monotonic() - started + pause > policy.budget_seconds
                if attempt + 1 >= policy.attempts or late or not _worth_repeating(error, repeatable):
                    raise
            self._sleep(pause)
        raise AssertionError("a retry policy has at least one attempt")

    def _pick(self) -> str:
        with self._lock:
            if self._active and self._monotonic() - self._switched_at > SWITCH_SECONDS:
                self._active = self._failures = 0
            return self.base_urls[self._active]

    def _failed(self, base: str) -> None:
        with self._lock:
            if base != self.base_urls[self._active]:
                return
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_SWITCH and len(self.base_urls) > 1:
                self._active = (self._active + 1) % len(self.base_urls)
                self._failures = 0
                self._switched_at = self._monotonic()

    def _reached(self, base: str) -> None:
        with self._lock:
            if base == self.base_urls[self._active]:
                self._failures = 0


def _worth_repeating(error: GatewayError, repeatable: bool) -> bool:
    if isinstance(error, GatewayUnavailable) and not error.sent:
        return True
    return repeatable and isinstance(error, GatewayUnavailable | GatewayUnverified | GatewayThrottled)
