"""Access tokens and tickets shared by all processes: fetched once under a lock, renewed before they end."""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.gateways.wechat_api import BAD_TOKEN_CODES, PROVIDER, WeChatApi, text_of
from yantuan.kernel import clock

T = TypeVar("T")

RENEW_BEFORE = timedelta(minutes=4)
"""WeChat gives a new token only in the last five minutes (both then work), so asking earlier brings
nothing.
"""
PAUSE = timedelta(seconds=30)
"""Smallest distance of two fetches while the token at hand still works, and of two forced renewals."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token with its end, when it was fetched and when a new one was last forced."""

    value: str = field(repr=False)
    expires_at: datetime
    fetched_at: datetime
    forced_at: datetime | None = None


class TokenStore(Protocol):
    """Where tokens live so that all processes share them. The lock must not be a database transaction."""

    def get(self, name: str) -> StoredToken | None:
        """The token last put under this name."""

    def put(self, name: str, token: StoredToken) -> None:
        """Keep it; it is a secret."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Exclude all other threads and processes from renewing this name."""


class MemoryTokenStore:
    """For tests and single-process use."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, name: str) -> StoredToken | None:
        return self._tokens.get(name)

    def put(self, name: str, token: StoredToken) -> None:
        self._tokens[name] = token

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        # One lock per name: renewing a ticket may need a token, fetched while the ticket's lock is held.
        with self._locks[name]:
            yield


class FileTokenStore:
    """One private file per token in a folder that all processes of this machine share.

    Processes on several machines each ask once; stable tokens make that harmless.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> StoredToken | None:
        try:
            value = json.loads(self._path(name).read_text(encoding="utf-8"))
            forced = value["forced_at"]
            return StoredToken(
                value["value"],
                datetime.fromisoformat(value["expires_at"]),
                datetime.fromisoformat(value["fetched_at"]),
                datetime.fromisoformat(forced) if forced else None,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, name: str, token: StoredToken) -> None:
        path = self._path(name)
        text = json.dumps(
            {
                "value": token.value,
                "expires_at": token.expires_at.isoformat(),
                "fetched_at": token.fetched_at.isoformat(),
                "forced_at": token.forced_at.isoformat() if token.forced_at else None,
            }
        )
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        handle = os.open(self._path(name).with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _path(self, name: str) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / (re.sub(r"[^0-9A-Za-z_-]", "_", name) + ".json")


Fetch = Callable[[bool], tuple[str, int]]
"""Given whether to force a new one, answers the token and the seconds it lasts."""


class SharedToken:
    """One named token in a store."""

    def __init__(self, store: TokenStore, name: str, fetch: Fetch, now: Callable[[], datetime]) -> None:
        self._store, self._name, self._fetch, self._now = store, name, fetch, now

    def current(self) -> str:
        """A token that works, fetched if need be. Raises the GatewayError family."""
        token = self._store.get(self._name)
        if token is not None and not self._due(token):
            return token.value
        with self._store.lock(self._name):
            token = self._store.get(self._name)
            if token is not None and not self._due(token):
                return token.value
            return self._renew(token, force=False).value

    def replace(self, bad: str) -> str:
        """A token other than `bad`, which the provider just refused.

        Forced only if asking nicely gives the same.
        """
        with self._store.lock(self._name):
            token = self._store.get(self._name)
            if token is not None and token.value != bad:
                return token.value
            fresh = self._renew(token, force=False)
            if fresh.value != bad:
                return fresh.value
            forced_at = fresh.forced_at
            if forced_at is not None and self._now() - forced_at < PAUSE:
                return fresh.value
            return self._renew(fresh, force=True).value

    def _due(self, token: StoredToken) -> bool:
        now = self._now()
        if now >= token.expires_at:
            return True
        return token.expires_at - now < RENEW_BEFORE and now - token.fetched_at >= PAUSE

    def _renew(self, old: StoredToken | None, *, force: bool) -> StoredToken:
        now = self._now()
        value, seconds = self._fetch(force)
        forced_at = now if force else (old.forced_at if old else None)
        token = StoredToken(value, now + timedelta(seconds=seconds), now, forced_at)
        self._store.put(self._name, token)
        return token


class TokenedApi:
    """Calls that carry the access token of one app.

    A refused token is renewed once and the call repeated once.
    """

    def __init__(
        self,
        api: WeChatApi,
        appid: str,
        secret: str,
        store: TokenStore,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.api = api
        self._appid, self._secret = appid, secret
        self._token = SharedToken(store, f"wechat-{appid}-access-token", self._fetch, now)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        repeatable: bool,
    ) -> dict[str, Any]:
        """As `WeChatApi.call`, with the token."""
        return self._with_token(
            lambda token: self.api.call(
                method, path, {"access_token": token, **(query or {})}, payload, repeatable=repeatable
            )
        )

    def call_for_bytes(self, path: str, payload: Mapping[str, Any]) -> bytes:
        """As `WeChatApi.call_for_bytes`, with the token."""
        return self._with_token(lambda token: self.api.call_for_bytes(path, {"access_token": token}, payload))

    def _with_token(self, work: Callable[[str], T]) -> T:
        token = self._token.current()
        try:
            return work(token)
        except GatewayRefused as refusal:
            if refusal.provider_code not in BAD_TOKEN_CODES:
                raise
        # A refused token means the work was not done, so even a message may be sent again.
        return work(self._token.replace(token))

    def _fetch(self, force: bool) -> tuple[str, int]:
        payload: dict[str, Any] = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret,
        }
        if force:
            payload["force_refresh"] = True
        answer = self.api.call("POST", "/cgi-bin/stable_token", {}, payload, repeatable=not force)
        return text_of(answer, "access_token"), lifetime_of(answer)


def lifetime_of(answer: Mapping[str, Any]) -> int:
    """`expires_in` in seconds. Raises GatewayUnavailable."""
    seconds = answer.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
        raise GatewayUnavailable(PROVIDER, "expires_in is missing", http_status=200)
    return seconds
