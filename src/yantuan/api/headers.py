"""What every answer tells browsers, whoever made it: the lane, Django, static files or the live stream."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from yantuan.api.lane_wire import App, Pairs, Receive, Scope, Send

API_POLICY = b"default-src 'none'; frame-ancestors 'none'"
"""For everything that is no page: shown on its own it may load and run nothing."""
PAGE_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
"""For the few pages without a script of their own, such as refusals."""
CONSOLE_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
    b"frame-ancestors 'none'; form-action 'self'"
)
"""The console's theme evaluates expressions in attributes (Alpine); scripts still come from our own files only."""
_PICTURES = ("/media/", "/share/", "/assets/", "/static/")
"""Public things that another site may show, such as a poster in a chat's preview."""
_MOST_CASES = 500
_YEAR = b"max-age=31536000; includeSubDomains"


class SafeHeaders:
    """Adds what an answer does not say itself; `https`: whether people reach the instance only by TLS."""

    def __init__(self, app: App, *, https: bool) -> None:
        self._app = app
        self._always: Pairs = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]
        self._known: dict[tuple[object, ...], Pairs] = {}
        if https:
            self._always.append((b"strict-transport-security", _YEAR))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = list(message["headers"])
                message = {**message, "headers": given + self._added(given, scope["path"])}
            await send(message)

        await self._app(scope, receive, guarded)

    def _added(self, given: Pairs, path: str) -> Pairs:
        """What is missing depends on the names given, on whether it is a page, and on where: a handful of cases."""
        page = any(bytes(value).startswith(b"text/html") for _, value in given)
        area = path[: path.find("/", 1) + 1] if path.startswith((*_PICTURES, "/console/")) else ""
        case = (area, page, *[bytes(name) for name, _ in given])
        found = self._known.get(case)
        if found is None:
            found = self._missing(given, path)
            if len(self._known) < _MOST_CASES:
                self._known[case] = found
        return found

    def _missing(self, given: Pairs, path: str) -> Pairs:
        present = {bytes(name).lower(): value for name, value in given}
        more = [pair for pair in self._always if pair[0] not in present]
        page = bytes(present.get(b"content-type", b"")).startswith(b"text/html")
        if b"content-security-policy" not in present:
            more.append((b"content-security-policy", _policy(path, page)))
        if page:
            more.append((b"cross-origin-opener-policy", b"same-origin"))
        if not path.startswith(_PICTURES):
            more.append((b"cross-origin-resource-policy", b"same-origin"))
        return [pair for pair in more if pair[0] not in present]


def _policy(path: str, page: bool) -> bytes:
    if not page:
        return API_POLICY
    return CONSOLE_POLICY if path.startswith("/console/") else PAGE_POLICY
