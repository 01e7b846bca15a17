"""Messages WeChat pushes to us: the address check, signatures, the encrypted envelope, JSON and XML."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from yantuan.gateways.errors import GatewayUndecryptable, GatewayUnverified
from yantuan.gateways.wechat_api import PROVIDER

PushMode = Literal["plain", "compat", "secure"]

TOLERANCE = timedelta(minutes=5)
"""How far the timestamp of a push may be from our clock."""
_BLOCK = 32
_KEY_CHARS = 43
_DEEPEST = 8
_MOST_NODES = 2000


class PushRefused(GatewayUnverified):
    """A push that is not WeChat's, too old, for another app, or not in the agreed mode. Answered 403; without effect."""

    def __init__(self, reason: str) -> None:
        super().__init__(PROVIDER, reason, status=403)


class PushUnreadable(GatewayUnverified):
    """Not in the form the platform promises (JSON object or plain XML). Answered 400; without effect."""

    def __init__(self, reason: str) -> None:
        super().__init__(PROVIDER, reason, status=400)


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What the platform's console and we agreed on. `appids`: the apps whose pushes are ours."""

    token: str = field(repr=False)
    mode: PushMode
    appids: tuple[str, ...]
    aes_key: str = field(default="", repr=False)
    """EncodingAESKey, 43 characters; may be empty in plain mode."""


@dataclass(frozen=True, slots=True)
class OpenedPush:
    """A genuine push: the message's exact text, and the same taken apart."""

    text: str
    fields: dict[str, Any]


def signature(*parts: str) -> str:
    """SHA-1 hex over the sorted parts, as the platform signs."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def check_url(settings: PushSettings, query: Mapping[str, str], now: datetime) -> str:
    """The `echostr` to answer when the platform checks our address. Raises PushRefused."""
    _check_signature(settings, query, "signature", (), now)
    return query.get("echostr", "")


def open_push(settings: PushSettings, query: Mapping[str, str], body: bytes, now: datetime) -> OpenedPush:
    """Verify and read one push.

    Raises PushRefused, PushUnreadable, or GatewayUndecryptable (ours by the signature, but our key does not fit).
    """
    if settings.mode == "plain":
        _check_signature(settings, query, "signature", (), now)
        text = _decoded(body)
        fields = parse(text)
        if set(fields) <= {"ToUserName", "Encrypt"}:
            raise PushRefused("encrypted, but the mode agreed on is plain")
        return OpenedPush(text, fields)
    sealed = parse(_decoded(body)).get("Encrypt")
    if query.get("encrypt_type") != "aes" or not isinstance(sealed, str):
        raise PushRefused("not encrypted, but the mode agreed on is not plain")
    _check_signature(settings, query, "msg_signature", (sealed,), now)
    text = _decoded(decrypt(settings, sealed))
    return OpenedPush(text, parse(text))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PushUnreadable("not UTF-8") from None


def _check_signature(
    settings: PushSettings, query: Mapping[str, str], name: str, more: tuple[str, ...], now: datetime
) -> None:
    stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and nonce):
        raise PushRefused("timestamp or nonce is missing")
    expected = signature(settings.token, stamp, nonce, *more)
    if not settings.token or not hmac.compare_digest(expected.encode(), query.get(name, "").encode()):
        raise PushRefused(f"{name} is wrong")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise PushRefused("the timestamp is more than five minutes off")


def _aes(settings: PushSettings) -> Cipher[modes.CBC]:
    if len(settings.aes_key) != _KEY_CHARS:
        raise GatewayUndecryptable(PROVIDER, "the EncodingAESKey must have 43 characters")
    try:
        key = base64.b64decode(settings.aes_key + "=", validate=True)
    except binascii.Error:
        raise GatewayUndecryptable(PROVIDER, "the EncodingAESKey is not base64") from None
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def decrypt(settings: PushSettings, sealed: str) -> bytes:
    """The message inside `Encrypt`. Raises GatewayUndecryptable, or PushRefused for another app's."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise PushUnreadable("Encrypt is not base64") from None
    if not raw or len(raw) % 16:
        raise PushUnreadable("Encrypt is not a whole number of blocks")
    opener = _aes(settings).decryptor()
    plain = opener.update(raw) + opener.finalize()
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad or len(plain) - pad < 20:
        raise GatewayUndecryptable(PROVIDER, "the EncodingAESKey does not fit")
    full = plain[:-pad]
    end = 20 + int.from_bytes(full[16:20], "big")
    if end > len(full):
        raise GatewayUndecryptable(PROVIDER, "the length inside is wrong")
    if full[end:].decode(errors="replace") not in settings.appids:
        raise PushRefused("for another app")
    return full[20:end]


def encrypt(settings: PushSettings, message: bytes, *, appid: str, salt: bytes = b"") -> str:
    """`Encrypt` of a message; `salt` (16 bytes) is random unless a test gives it."""
    full = (
        (salt or secrets.token_hex(8).encode()) + len(message).to_bytes(4, "big") + message + appid.encode()
    )
    pad = _BLOCK - len(full) % _BLOCK
    sealer = _aes(settings).encryptor()
    return base64.b64encode(sealer.update(full + bytes([pad]) * pad) + sealer.finalize()).decode()


def parse(text: str) -> dict[str, Any]:
    """The fields of a message, JSON or XML. Repeated XML elements become a list. Raises PushUnreadable."""
    if text.lstrip()[:1] == "<":
        return _parse_xml(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PushUnreadable("neither JSON nor XML") from None
    if not isinstance(value, dict):
        raise PushUnreadable("not a JSON object")
    return value


def listed(value: object) -> list[dict[str, Any]]:
    """The objects of a field that may be one object, a list of them, or absent: the platform sends all three."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


class _Tree:
    """Builds dicts from plain XML. A document type is refused: without one there are no entities to expand."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = [("", self.root, [])]
        self._nodes = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._open) > _DEEPEST or self._nodes > _MOST_NODES:
            raise PushUnreadable("the XML is too large")
        self._open.append((name, {}, []))

    def text(self, data: str) -> None:
        self._open[-1][2].append(data)

    def end(self, name: str) -> None:
        _, children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        parent = self._open[-1][1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]


def _refuse_doctype(*_: object) -> None:
    raise PushUnreadable("a document type is not allowed")


def _parse_xml(text: str) -> dict[str, Any]:
    tree = _Tree()
    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler = tree.start
    reader.CharacterDataHandler = tree.text
    reader.EndElementHandler = tree.end
    reader.StartDoctypeDeclHandler = _refuse_doctype
    try:
        reader.Parse(text.encode(), True)
    except expat.ExpatError:
        raise PushUnreadable("the XML is broken") from None
    found = tree.root.get("xml")
    if not isinstance(found, dict):
        raise PushUnreadable("no <xml> element")
    return found
