"""Static files from memory: the built app and the console's assets, compressed once, cached by browsers."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from yantuan.api.lane_wire import App, Receive, Scope, Send
from yantuan.kernel.config import data_folder

WEBAPP = Path(__file__).resolve().parent.parent / "webapp" / "h5"
_ROOTS = {"/assets/": (WEBAPP / "assets", True), "/static/": (WEBAPP / "static", False)}
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class StaticFile:
    """One file ready to send; `packed` is empty where compression doesn't pay."""

    kind: bytes
    body: bytes
    packed: bytes
    etag: bytes
    caching: bytes


def wants(path: str) -> bool:
    """Whether this address is a static file's."""
    return path.startswith(("/assets/", "/static/", "/console-static/"))


@lru_cache(maxsize=1024)
def _load(path: str) -> StaticFile | None:
    prefix = "/" + path.split("/", 2)[1] + "/"
    root, immutable = _ROOTS.get(prefix, (data_folder() / "static", False))
    target = (root / path[len(prefix) :]).resolve()
    if (
        not target.is_relative_to(root.resolve())
        or not target.is_file()
        or target.stat().st_size > _MAX_BYTES
    ):
        return None
    body = target.read_bytes()
    kind = mimetypes.guess_type(target.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9) if kind.startswith(_COMPRESSIBLE) or "javascript" in kind else b""
    seconds = 31_536_000 if immutable else 86_400
    return StaticFile(
        kind=(kind + ("; charset=utf-8" if kind.startswith("text/") else "")).encode(),
        body=body,
        packed=packed if len(packed) < len(body) else b"",
        etag=b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"',
        caching=f"public, max-age={seconds}{', immutable' if immutable else ''}".encode(),
    )


class StaticFirst:
    """Answers static addresses itself and hands everything else on."""

    def __init__(self, rest: App) -> None:
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (static_app if wants(scope["path"]) else self._rest)(scope, receive, send)


async def static_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve GET and HEAD of a static address; 404 for anything else below it."""
    file = _load(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
    if file is None:
        await _answer(send, 404, [(b"content-type", b"text/plain")], b"not found")
        return
    asked = dict(scope["headers"])
    headers = [
        (b"etag", file.etag),
        (b"cache-control", file.caching),
        (b"vary", b"accept-encoding"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if asked.get(b"if-none-match") == file.etag:
        await _answer(send, 304, headers, b"")
        return
    body = file.body
    headers.append((b"content-type", file.kind))
    if file.packed and b"gzip" in asked.get(b"accept-encoding", b""):
        body = file.packed
        headers.append((b"content-encoding", b"gzip"))
    await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
