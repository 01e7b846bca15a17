"""A light HTTP/1.1 client: one connection, kept when the server keeps it, so that the loader costs the shop no CPU worth naming."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """Status, headers in lower case (one value each, cookies joined by newlines) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """Requests in turn to one server. Opens anew when the server closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Answer:
        """Send JSON. Raises OSError or asyncio.IncompleteReadError when the server breaks off an answer."""
        message = self._message(path, json.dumps(body).encode(), headers or {})
        answer = None
        if self._streams is not None:
            try:
                answer = await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError):
                # The kept connection was closed while idle; nothing was answered, so one new connection is tried.
                self.close()
        if answer is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            answer = await self._exchange(message)
        self._remember(answer)
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _message(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: application/json"]
        lines += ["Accept: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def _exchange(self, message: bytes) -> Answer:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in filter(None, head[1:]):
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}\n{value}" if name == "set-cookie" and name in headers else value
        return Answer(int(head[0].split(" ")[1]), headers, await _body(reader, headers))

    def _remember(self, answer: Answer) -> None:
        for line in filter(None, answer.headers.get("set-cookie", "").split("\n")):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name.strip()] = value


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(parts)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
