"""A tiny SMTP server that puts mail into the inbox: as much of RFC 5321 as a submitting client needs."""

import asyncio
import contextlib
import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from yantuan.simulator import inbox
from yantuan.simulator.world import World

MAX_BYTES = 10 * 1024 * 1024
IDLE_SECONDS = 60.0
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(?:\s.*)?", re.IGNORECASE)


class _Session:
    """One connection: the envelope gathered so far."""

    def __init__(self, world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._world = world
        self._reader = reader
        self._writer = writer
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        self._say("220 simulator.yantuan.example ESMTP ready")
        while True:
            await self._writer.drain()
            line = await asyncio.wait_for(self._reader.readline(), IDLE_SECONDS)
            if not line:
                return
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 Bye")
                await self._writer.drain()
                return
            await self._obey(verb.upper(), rest)

    def _say(self, text: str) -> None:
        self._writer.write(text.encode() + b"\r\n")

    async def _obey(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                self._say(
                    f"250-simulator.yantuan.example\r\n250-SIZE {MAX_BYTES}\r\n250-8BITMIME\r\n250 SMTPUTF8"
                )
            case "HELO" | "NOOP":
                self._say("250 OK")
            case "RSET":
                self._forget()
                self._say("250 OK")
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "DATA":
                await self._data()
            case _:
                self._say("502 Command not implemented")

    def _forget(self) -> None:
        self._sender, self._recipients = None, []

    def _mail(self, rest: str) -> None:
        found = _PATH.fullmatch(rest)
        if found is None:
            self._say("501 Syntax: MAIL FROM:<address>")
        elif self._world.faults.take("smtp_refused"):
            self._say("451 Requested action aborted: try again later")
        else:
            self._forget()
            self._sender = found.group(1)
            self._say("250 OK")

    def _rcpt(self, rest: str) -> None:
        found = _PATH.fullmatch(rest)
        if self._sender is None:
            self._say("503 MAIL first")
        elif found is None or "@" not in found.group(1):
            self._say("550 No such recipient")
        else:
            self._recipients.append(found.group(1))
            self._say("250 OK")

    async def _data(self) -> None:
        if not self._recipients:
            self._say("503 RCPT first")
            return
        self._say("354 End data with <CR><LF>.<CR><LF>")
        await self._writer.drain()
        raw = await self._message()
        if raw is None:
            self._say("552 Message too big")
        else:
            self._store(raw)
            self._say("250 OK: stored")
        self._forget()

    async def _message(self) -> bytes | None:
        """The message without its dots; None when it is too big (it is read to its end all the same)."""
        lines: list[bytes] = []
        size = 0
        while (line := await asyncio.wait_for(self._reader.readline(), IDLE_SECONDS)) not in (
            b".\r\n",
            b".\n",
        ):
            if not line:
                raise ConnectionResetError("the client left within the message")
            size += len(line)
            if size <= MAX_BYTES:
                lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines) if size <= MAX_BYTES else None

    def _store(self, raw: bytes) -> None:
        message = message_from_bytes(raw, policy=policy.default)
        text = ""
        if isinstance(message, EmailMessage):
            part = message.get_body(preferencelist=("plain", "html"))
            text = part.get_content() if part is not None else ""
        subject = str(message.get("Subject", ""))
        for recipient in self._recipients:
            details = {
                "from": self._sender,
                "subject": subject,
                "message_id": str(message.get("Message-ID", "")),
            }
            inbox.put(
                self._world,
                "email",
                recipient,
                subject or "（无主题）",
                str(text).replace("\r\n", "\n").strip(),
                details=details,
            )


async def start(world: World, host: str, port: int) -> asyncio.Server:
    """Listen for mail on `host`:`port` until the returned server is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError, ValueError):
            await _Session(world, reader, writer).run()
        writer.close()

    return await asyncio.start_server(serve, host, port, limit=64 * 1024)
