"""Keyed hashes and field encryption, derived from the instance secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


def token_hash(token: str) -> str:
    """SHA-256 hex of a bearer token; only the hash is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=8)
def _key(purpose: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()


def keyed_hash(purpose: str, text: str) -> str:
    """HMAC-SHA256 hex under the instance secret: lets equal values be found without storing them plainly."""
    return hmac.new(_key(purpose, settings.SECRET_KEY), text.encode(), hashlib.sha256).hexdigest()


def seal(purpose: str, text: str) -> str:
    """Encrypt a short text (AES-256-GCM, random nonce); the answer is URL-safe base64."""
    nonce = os.urandom(12)
    cipher = AESGCM(_key(purpose, settings.SECRET_KEY)).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + cipher).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Inverse of `seal`; raises cryptography's InvalidTag when tampered with or under another secret."""
    raw = base64.urlsafe_b64decode(sealed)
    return AESGCM(_key(purpose, settings.SECRET_KEY)).decrypt(raw[:12], raw[12:], purpose.encode()).decode()
