"""A sealed file: AES-256-GCM in chunks, so that a file of any size streams and no cut, swap or changed bit goes unseen.

Layout: magic, salt, nonce start; then chunks of a mebibyte, each with its own tag. A chunk's nonce holds its number and
whether it is the last one, so a file that ends early does not open.
"""

from __future__ import annotations

import base64
import os
import secrets
import struct
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"YTBACKUP1\n"
CHUNK = 1024 * 1024
_SALT, _START, _TAG = 16, 7, 16


class Damaged(Exception):
    """The bytes are not what was written, or the key is another one."""


def new_key(path: Path) -> None:
    """Write a fresh key, readable by the owner only. Raises FileExistsError rather than replace one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")


def read_key(path: Path) -> bytes:
    """The key in a file. Raises ValueError unless it holds at least 32 characters."""
    text = path.read_text().strip()
    if len(text) < 32:
        raise ValueError(f"{path} holds no backup key: make one with `yantuan backup --new-key {path}`")
    return text.encode()


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"yantuan backup").derive(key))


def is_sealed(path: Path) -> bool:
    """Whether a file begins as a sealed one."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class Sealer:
    """A writable file that seals into another; `close` writes the last chunk and leaves the other open."""

    def __init__(self, sink: BinaryIO, key: bytes) -> None:
        salt, self._start = os.urandom(_SALT), os.urandom(_START)
        self._sink, self._cipher = sink, _cipher(key, salt)
        self._waiting = bytearray()
        self._number = 0
        sink.write(MAGIC + salt + self._start)

    def write(self, data: bytes) -> int:
        self._waiting += data
        # The last chunk is only known at the end, so a full one waits until more comes.
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        nonce = self._start + struct.pack(">IB", self._number, last)
        self._sink.write(self._cipher.encrypt(nonce, chunk, None))
        self._number += 1


class Opener:
    """A readable file over a sealed one. Raises Damaged as soon as a chunk does not open."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        head = source.read(len(MAGIC) + _SALT + _START)
        if len(head) < len(MAGIC) + _SALT + _START or not head.startswith(MAGIC):
            raise Damaged("not a sealed backup")
        self._start = head[-_START:]
        self._source, self._cipher = source, _cipher(key, head[len(MAGIC) : len(MAGIC) + _SALT])
        self._ahead = source.read(CHUNK + _TAG)
        self._ready = b""
        self._number = 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._next()
        cut = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:cut], self._ready[cut:]
        return given

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._source.read(CHUNK + _TAG)
        self._ended = not self._ahead
        nonce = self._start + struct.pack(">IB", self._number, self._ended)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, chunk, None)
        except InvalidTag as error:
            raise Damaged(
                f"chunk {self._number} does not open: damaged, cut short, or another key"
            ) from error
