"""E-mail through an SMTP server."""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Literal, NoReturn, Protocol

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUnavailable
from yantuan.kernel import clock, held, metrics
from yantuan.kernel.db import refuse_in_transaction

PROVIDER = "email"
TIMEOUT_SECONDS = 15
_ADDRESS = re.compile(r"[^@\s<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9.-]{1,190}")

Security = Literal["plain", "starttls", "ssl"]


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """One sending account.

    `plain` is for a mail server on the same machine only; without `username` no login.
    """

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)


class MailLoginRefused(GatewayUnavailable):
    """The mail server does not take our user name and password: nothing was sent, and the same message goes out when the
    operator has mended the settings, or the server has found its directory again."""

    def __init__(self, code: int) -> None:
        super().__init__(PROVIDER, "login refused", sent=False, provider_code=str(code))
        self.zh = f"邮件服务器不接受平台的账号或密码（{code}），平台改好后会自动补发"
        self.en = (
            f"The mail server refuses the platform's account or password ({code}); sent again when mended."
        )


class EmailGateway(Protocol):
    """Sends one message to one person."""

    def send(self, to: str, subject: str, text: str, *, html: str = "", message_id: str = "") -> str:
        """Answers the Message-ID. Raises the GatewayError family."""


class SmtpClient:
    """Opens a connection per message: the volume is small and mail servers drop idle ones. Thread-safe."""

    def __init__(self, settings: EmailSettings, *, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls = tls or ssl.create_default_context()

    def send(self, to: str, subject: str, text: str, *, html: str = "", message_id: str = "") -> str:
        """Send one message; give `message_id` (`<unique@host>`) when it may be tried again, so that copies
        look alike.

        Raises GatewayInvalid for addresses or headers with forbidden characters, GatewayRefused for a
        lasting no to this message (5xx), MailLoginRefused while the account's password is not taken, GatewayUnavailable
        for anything passing.
        """
        refuse_in_transaction()
        if held.is_held():
            raise GatewayUnavailable(PROVIDER, "a restored copy, not released", sent=False)
        message = self._message(to, subject, text, html, message_id)
        try:
            with self._connect() as server:
                server.send_message(message)
        except smtplib.SMTPException as error:
            metrics.count("provider_calls", PROVIDER, "refused")
            _raise(error)
        except OSError as error:
            metrics.count("provider_calls", PROVIDER, "unreachable")
            raise GatewayUnavailable(PROVIDER, type(error).__name__) from error
        metrics.count("provider_calls", PROVIDER, "2xx")
        return str(message["Message-ID"])

    def _connect(self) -> smtplib.SMTP:
        s = self._settings
        if s.security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                s.host, s.port, timeout=TIMEOUT_SECONDS, context=self._tls
            )
        else:
            server = smtplib.SMTP(s.host, s.port, timeout=TIMEOUT_SECONDS)
        try:
            if s.security == "starttls":
                server.starttls(context=self._tls)
            if s.username:
                server.login(s.username, s.password)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, to: str, subject: str, text: str, html: str, message_id: str) -> EmailMessage:
        if not _ADDRESS.fullmatch(to):
            raise GatewayInvalid(PROVIDER, "to", "one plain address")
        message = EmailMessage()
        name, sender = parseaddr(self._settings.sender)
        try:
            message["From"] = Address(name or "雁团", addr_spec=sender)
            message["To"] = Address(addr_spec=to)
            message["Subject"] = subject
            message["Date"] = format_datetime(clock.now())
            message["Message-ID"] = message_id or make_msgid(domain=sender.rsplit("@", 1)[-1])
        except (ValueError, MessageError) as error:
            # The mail library refuses line breaks in headers, which is how foreign headers would be
            # smuggled in.
            raise GatewayInvalid(PROVIDER, "header", "no line breaks in subject or addresses") from error
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        return message


def _raise(error: smtplib.SMTPException) -> NoReturn:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        raise MailLoginRefused(error.smtp_code) from error
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (550, b""))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        raise GatewayRefused(PROVIDER, "not_supported", "the server offers no STARTTLS or login") from error
    else:
        raise GatewayUnavailable(PROVIDER, type(error).__name__) from error
    if 500 <= code < 600:
        raise GatewayRefused(PROVIDER, str(code), words.decode(errors="replace")[:300], code) from error
    raise GatewayUnavailable(PROVIDER, type(error).__name__, provider_code=str(code)) from error
