"""A small HTTP client for many impatient people: keep-alive, a time limit, and `Unknown` when nobody knows what happened."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

LIMIT_SECONDS = 12.0


class Unknown(Exception):
    """The request went out and no whole answer came: it may have been done or not."""


class NotSent(Exception):
    """No connection: certainly nothing was done."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON inside; None when there is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    @property
    def code(self) -> str:
        """The error's code, if it is one."""
        body = self.body
        return str(body.get("code", "")) if isinstance(body, dict) else ""


class Wire:
    """One person's connection to one address."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes = b"",
        seconds: float = LIMIT_SECONDS,
    ) -> Reply:
        """One request. Raises Unknown or NotSent."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Content-Length: {len(body)}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        message = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            return await asyncio.wait_for(self._exchange(message), seconds)
        except NotSent:
            self.close()
            raise
        except (
            TimeoutError,
            OSError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ) as error:
            self.close()
            raise Unknown(type(error).__name__) from error

    async def _exchange(self, message: bytes) -> Reply:
        if self._streams is None or self._streams[1].is_closing():
            try:
                self._streams = await asyncio.open_connection(self._host, self._port)
            except OSError as error:
                raise NotSent(str(error)) from error
        reader, writer = self._streams
        writer.write(message)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        found = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        if "chunked" in found.get("transfer-encoding", ""):
            raw = await self._chunked(reader)
        else:
            raw = await reader.readexactly(int(found.get("content-length", "0")))
        if found.get("connection", "").lower() == "close":
            self.close()
        return Reply(status, found, raw)

    async def _chunked(self, reader: asyncio.StreamReader) -> bytes:
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).strip() or b"0", 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)

    def close(self) -> None:
        """Forget the connection."""
        if self._streams is not None:
            with suppress(OSError, RuntimeError):
                self._streams[1].close()
            self._streams = None
