"""The platform's own signing keys, in both modes, with rotation.

Old keys stay valid for ever; the newest key of a mode signs. This is what a merchant sees while WeChat Pay
changes a certificate, and while a merchant moves from certificates to a public key.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from yantuan.simulator.files import write_secret
from yantuan.simulator.keys import (
    certificate_pem,
    load_private,
    new_certified_key,
    new_private_key,
    private_pem,
    public_pem,
)

KeyKind = Literal["public_key", "certificate"]
INDEX = "platform_keys.json"


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """One signing key of the platform.

    `key_id` is what goes into `Wechatpay-Serial`: `PUB_KEY_ID_` and 28 digits, or 40 hex digits.
    `public_path` is the file a merchant configures: a PEM public key, or a PEM certificate.
    """

    kind: KeyKind
    key_id: str
    private_key: rsa.RSAPrivateKey
    public_path: Path
    certificate: x509.Certificate | None


class KeyRing:
    """All platform keys of one folder, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: list[PlatformKey] = []
        if (folder / INDEX).exists():
            self._load()
        else:
            self.rotate("public_key")
            self.rotate("certificate")

    def current(self, kind: KeyKind) -> PlatformKey:
        """The newest key of `kind`, which is the one that signs."""
        return [key for key in self._keys if key.kind == kind][-1]

    def find(self, key_id: str) -> PlatformKey | None:
        return next((key for key in self._keys if key.key_id == key_id), None)

    def all(self, kind: KeyKind | None = None) -> list[PlatformKey]:
        return [key for key in self._keys if kind is None or key.kind == kind]

    def rotate(self, kind: KeyKind) -> PlatformKey:
        """Add a new key of `kind`, on disk first, and let it sign from now on."""
        number = len(self.all(kind)) + 1
        suffix = "" if number == 1 else f"_{number}"
        key = self._new_public_key(suffix) if kind == "public_key" else self._new_certificate(suffix)
        write_secret(self._private_path(key.public_path), private_pem(key.private_key))
        self._keys.append(key)
        index = [{"kind": k.kind, "key_id": k.key_id, "file": k.public_path.name} for k in self._keys]
        write_secret(self.folder / INDEX, json.dumps(index, indent=2).encode())
        return key

    def _new_public_key(self, suffix: str) -> PlatformKey:
        private_key = new_private_key()
        path = self.folder / f"platform_pub_key{suffix}.pem"
        write_secret(path, public_pem(private_key.public_key()))
        digits = f"0119000001{secrets.randbelow(10**10):010d}{'0' * 8}"
        return PlatformKey("public_key", f"PUB_KEY_ID_{digits}", private_key, path, None)

    def _new_certificate(self, suffix: str) -> PlatformKey:
        made = new_certified_key("Tenpay.com sign", "Yantuan WeChat simulator")
        path = self.folder / f"platform_cert{suffix}.pem"
        write_secret(path, certificate_pem(made.certificate))
        return PlatformKey("certificate", made.serial, made.private_key, path, made.certificate)

    @staticmethod
    def _private_path(public_path: Path) -> Path:
        return public_path.with_name(f"{public_path.stem}.private.pem")

    def _load(self) -> None:
        for entry in json.loads((self.folder / INDEX).read_bytes()):
            path = self.folder / entry["file"]
            certificate = None
            if entry["kind"] == "certificate":
                certificate = x509.load_pem_x509_certificate(path.read_bytes())
            private_key = load_private(self._private_path(path).read_bytes())
            self._keys.append(PlatformKey(entry["kind"], entry["key_id"], private_key, path, certificate))
