"""Who may call WeChat Pay: direct merchants, partners (服务商) with their own keys, and the partners' sub-merchants.

The first direct merchant is the one of `Credentials`; further merchants are made on demand and kept in files beside it,
so that the product and the simulator, which are different processes, know the same ones.
"""

import json
import string
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from secrets import choice
from typing import Any, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from yantuan.simulator.credentials import MERCHANT_NAME, Credentials, exclusively
from yantuan.simulator.database import Database, Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.files import write_secret
from yantuan.simulator.keyring import KeyRing
from yantuan.simulator.keys import certificate_pem, new_certified_key, private_pem

MerchantKind = Literal["direct", "provider"]
PROVIDER_MCHID = "1900000208"
PROVIDER_NAME = "雁团演示服务商"
INDEX = "merchants.json"
DEFAULT_MAX_RATIO = 3000
"""Thirty percent, in ten-thousandths: what a merchant may share of an order unless told otherwise."""
_FIRST_FREE = 1900000301
_FIRST_SUB = 1900001001


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant with keys of its own. `bound` says whether the mini-program and the account are bound to it.

    `ecommerce` makes a partner a platform of 收付通. `standing` is what became of it: `open`, `revoked` (its certificate was
    withdrawn), `restricted` (it may ask and give back, but take no money) or `closed`.
    """

    mchid: str
    kind: MerchantKind
    name: str
    serial: str
    apiv3_key: str
    key_path: Path
    cert_path: Path
    bound: bool = True
    sharing: bool = True
    share_notify_url: str = ""
    ecommerce: bool = False
    standing: str = "open"

    def public_key(self) -> rsa.RSAPublicKey:
        """Read from the certificate the platform has on file."""
        key = x509.load_pem_x509_certificate(self.cert_path.read_bytes()).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise TypeError("the merchant certificate must hold an RSA key")
        return key

    def shown(self) -> dict[str, Any]:
        """What the merchant would type into a product's settings."""
        return {
            **asdict(self),
            "key_path": str(self.key_path.resolve()),
            "cert_path": str(self.cert_path.resolve()),
        }


@dataclass(frozen=True, slots=True)
class Account:
    """Whose an order is: the merchant that signs and, in partner mode, the sub-merchant that gets the money."""

    mchid: str
    sub_mchid: str = ""

    @property
    def taker(self) -> str:
        """The number of the merchant whose money it is."""
        return self.sub_mchid or self.mchid


def account_of(order: Row) -> Account:
    return Account(order["mchid"], order["sub_mchid"])


class Merchants:
    """All merchants of one folder, the first direct one included."""

    def __init__(self, credentials: Credentials) -> None:
        self._folder = credentials.folder
        self._main = Merchant(
            credentials.mchid,
            "direct",
            MERCHANT_NAME,
            credentials.merchant_serial,
            credentials.apiv3_key,
            credentials.merchant_key_path,
            credentials.merchant_cert_path,
        )
        self._more: dict[str, Merchant] = {}
        self._read_at = -1
        self._keys: dict[str, rsa.RSAPublicKey] = {}

    def find(self, mchid: str) -> Merchant | None:
        if mchid == self._main.mchid:
            return self._main
        self._refresh()
        return self._more.get(mchid)

    def get(self, mchid: str) -> Merchant:
        """The merchant; raises ControlError when there is none."""
        found = self.find(mchid)
        if found is None:
            raise ControlError("merchant_unknown", "没有这个商户号", "There is no such merchant", 404)
        return found

    def public_key(self, merchant: Merchant) -> rsa.RSAPublicKey:
        if merchant.mchid not in self._keys:
            self._keys[merchant.mchid] = merchant.public_key()
        return self._keys[merchant.mchid]

    def all(self) -> list[Merchant]:
        self._refresh()
        return [self._main, *self._more.values()]

    def add(self, kind: MerchantKind, name: str) -> Merchant:
        """A new merchant with new keys, on disk before this returns."""
        with exclusively(self._folder):
            self._refresh()
            mchid = str(_FIRST_FREE + len(self._more))
            made = _make(self._folder, mchid, kind, name)
            self._write([*self._more.values(), made])
        return made

    def change(self, mchid: str, **changes: Any) -> Merchant:
        """Change `bound`, `sharing`, `share_notify_url`, `ecommerce` or `standing` of a further merchant."""
        with exclusively(self._folder):
            self._refresh()
            if mchid not in self._more:
                raise ControlError(
                    "merchant_fixed", "这个商户不能修改", "This merchant can't be changed", 409
                )
            stored = self._more[mchid]
            made = Merchant(
                **{f.name: changes.get(f.name, getattr(stored, f.name)) for f in fields(Merchant)}
            )
            self._write([made if m.mchid == mchid else m for m in self._more.values()])
        return made

    def provider(self) -> Merchant:
        """The partner the demo has, made on the first call."""
        found = self.find(PROVIDER_MCHID)
        if found is not None:
            return found
        with exclusively(self._folder):
            self._refresh()
            if PROVIDER_MCHID not in self._more:
                made = _make(self._folder, PROVIDER_MCHID, "provider", PROVIDER_NAME)
                self._write([*self._more.values(), made])
        return self.get(PROVIDER_MCHID)

    def _refresh(self) -> None:
        index = self._folder / INDEX
        changed = index.stat().st_mtime_ns if index.exists() else 0
        if changed != self._read_at:
            entries = json.loads(index.read_bytes()) if changed else []
            self._more = {entry["mchid"]: _loaded(self._folder, entry) for entry in entries}
            self._read_at = changed

    def _write(self, merchants: list[Merchant]) -> None:
        entries = [
            {**asdict(m), "key_path": m.key_path.name, "cert_path": m.cert_path.name} for m in merchants
        ]
        write_secret(self._folder / INDEX, json.dumps(entries, indent=2, ensure_ascii=False).encode())
        self._more = {m.mchid: m for m in merchants}


def partner_env(credentials: Credentials) -> dict[str, str]:
    """The product's environment for the demo's partner account, made on the first call; beside `product_env`."""
    provider = Merchants(credentials).provider()
    key = KeyRing(credentials.folder).current("public_key")
    values = {
        "MCHID": provider.mchid,
        "APPID": credentials.mini_appid,
        "MERCHANT_SERIAL": provider.serial,
        "MERCHANT_KEY_PATH": str(provider.key_path.resolve()),
        "APIV3_KEY": provider.apiv3_key,
        "MODE": "public_key",
        "PUBLIC_KEY_ID": key.key_id,
        "PUBLIC_KEY_PATH": str(key.public_path.resolve()),
    }
    return {f"YANTUAN_WECHATPAY_SP_{name}": value for name, value in values.items()}


def _loaded(folder: Path, entry: dict[str, Any]) -> Merchant:
    paths = {name: folder / entry[name] for name in ("key_path", "cert_path")}
    return Merchant(**{**entry, **paths})


def _make(folder: Path, mchid: str, kind: MerchantKind, name: str) -> Merchant:
    made = new_certified_key("Merchant " + mchid, name)
    key_path, cert_path = folder / f"merchant_{mchid}_key.pem", folder / f"merchant_{mchid}_cert.pem"
    write_secret(key_path, private_pem(made.private_key))
    write_secret(cert_path, certificate_pem(made.certificate))
    alphabet = string.ascii_letters + string.digits
    apiv3_key = "".join(choice(alphabet) for _ in range(32))
    return Merchant(mchid, kind, name, made.serial, apiv3_key, key_path, cert_path)


def checked_kind(text: str) -> MerchantKind:
    """Raises ControlError for any other word."""
    for kind in get_args(MerchantKind):
        if text == kind:
            return "provider" if kind == "provider" else "direct"
    raise ControlError("kind_invalid", "kind 只能是 direct 或 provider", "kind must be direct or provider")


def find_sub(db: Database, sub_mchid: str) -> Row | None:
    return db.row("SELECT * FROM sub_merchants WHERE sub_mchid = ?", sub_mchid)


def add_sub(
    db: Database, *, sp_mchid: str, name: str, short_name: str, at: float, sub_appid: str = ""
) -> Row:
    """A new sub-merchant that has granted its partner everything."""
    number = db.next_number("sub_merchant")
    sub_mchid = str(_FIRST_SUB + number - 1)
    db.insert(
        "sub_merchants",
        sub_mchid=sub_mchid,
        sp_mchid=sp_mchid,
        name=name,
        short_name=short_name,
        sub_appid=sub_appid,
        max_ratio=DEFAULT_MAX_RATIO,
        created_at=at,
    )
    found = find_sub(db, sub_mchid)
    if found is None:
        raise AssertionError("the sub-merchant was just inserted")
    return found


def registered_name(merchants: Merchants, db: Database, mchid: str) -> str | None:
    """The full name a merchant number is registered under, or None if there is no such merchant."""
    merchant = merchants.find(mchid)
    if merchant is not None:
        return merchant.name
    sub = find_sub(db, mchid)
    return str(sub["name"]) if sub is not None else None
