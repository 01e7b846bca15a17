"""What one running simulator holds: its folder, database, keys, clock, settings and faults."""

import asyncio
import hashlib
from collections import deque
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from yantuan.simulator.addresses import is_loopback, split_plain
from yantuan.simulator.clock import Clock
from yantuan.simulator.credentials import Credentials, ensure_credentials
from yantuan.simulator.database import Database
from yantuan.simulator.errors import ControlError
from yantuan.simulator.faults import FaultBoard
from yantuan.simulator.keyring import KeyKind, KeyRing, PlatformKey
from yantuan.simulator.merchants import Merchants

SignMode = Literal["public_key", "certificate", "both"]
NoticeMode = Literal["auto", "hold"]
DEFAULT_TIME_FACTOR = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that can be changed while running, through `/_sim/config`.

    `time_factor` divides the waiting times of WeChat's notice schedule: at 60, 15 s become 0.25 s.
    `refund_seconds` is how long a refund stays PROCESSING, `share_seconds` a profit share;
    `share_wait_seconds` is how long after its payment an order may not be shared yet. `bills_at_once` serves today's bill as well.
    `sms_per_minute`, `sms_per_hour` and `sms_per_day` are per phone; the real ones are 1, 5 and 10, these
    are roomier so that a person trying the demo is not locked out. `templates` are further subscription
    templates (`id`, or `id=thing1 amount2` with its fields), `new_order_deleted` takes the first one away; `pages` are the published mini-program pages (empty: every page counts as published).
    `payer` is who pays when nobody is named.
    """

    notice_mode: NoticeMode = "auto"
    sign_mode: SignMode = "public_key"
    time_factor: float = DEFAULT_TIME_FACTOR
    refund_seconds: float = 1.0
    share_seconds: float = 1.0
    share_wait_seconds: float = 60.0
    bills_at_once: bool = False
    sms_per_minute: int = 5
    sms_per_hour: int = 60
    sms_per_day: int = 200
    templates: tuple[str, ...] = ()
    new_order_deleted: bool = False
    pages: tuple[str, ...] = ()
    payer: str = "小雁"

    def changed(self, changes: dict[str, Any]) -> "Settings":
        """A checked copy; raises ControlError for an unknown name or a value of the wrong kind."""
        hints = get_type_hints(Settings)
        known = {item.name for item in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise ControlError("setting_unknown", f"没有设置项 {name}", f"There is no setting {name}")
            checked[name] = _checked(name, hints[name], value)
        return replace(self, **checked)


def _checked(name: str, hint: Any, value: Any) -> Any:
    wrong = ControlError("setting_invalid", f"设置项 {name} 的值不对", f"The value of {name} is not valid")
    choices = get_args(hint)
    if hint in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise wrong
        if name == "time_factor" and value == 0:
            raise wrong
        return hint(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str) and value:
        return value
    if hint == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if value in choices and isinstance(value, str):
        return value
    raise wrong


@dataclass(slots=True)
class World:
    """One simulator. `public_url` is its own address, `product_url` the product's, when known."""

    folder: Path
    public_url: str
    product_url: str | None
    credentials: Credentials
    merchants: Merchants
    keyring: KeyRing
    db: Database
    clock: Clock
    faults: FaultBoard
    settings: Settings
    first_settings: Settings
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=300))
    signed_answers: int = 0

    def change_settings(self, changes: dict[str, Any]) -> None:
        self.settings = self.settings.changed(changes)
        self.db.remember("settings", asdict(self.settings))

    def move_clock(self, offset_seconds: float) -> None:
        """Show `offset_seconds` more than the real time from now on."""
        self.clock.offset_seconds = offset_seconds
        self.db.remember("clock_offset", offset_seconds)
        self.wake.set()

    def reset(self, keep_settings: bool = False) -> None:
        """Forget all trade and messages, faults and the clock's offset; keys and people stay."""
        self.db.forget_all()
        self.calls.clear()
        self.faults.clear()
        self.move_clock(0.0)
        if not keep_settings:
            self.settings = self.first_settings
            self.db.remember("settings", asdict(self.settings))

    def signing_key(self, asked_id: str | None) -> PlatformKey:
        """The key for the next signature.

        While a merchant changes over (`both`), WeChat signs with the kind the request names, and otherwise
        with either.
        """
        mode = self.settings.sign_mode
        if mode != "both":
            return self.keyring.current(mode)
        named = self.keyring.find(asked_id) if asked_id else None
        if named is not None:
            return self.keyring.current(named.kind)
        self.signed_answers += 1
        kinds: tuple[KeyKind, KeyKind] = ("public_key", "certificate")
        return self.keyring.current(kinds[self.signed_answers % 2])

    def may_return_to(self, url: str) -> bool:
        """Browsers are only ever sent back to this machine or to the product, never elsewhere."""
        parts = split_plain(url)
        if parts is None or is_loopback(parts.hostname):
            return parts is not None
        home = urlsplit(self.product_url or "")
        return bool(home.netloc) and (parts.scheme, parts.netloc) == (home.scheme, home.netloc)

    def openid_of(self, appid: str, person: str) -> str:
        """The openid of a test user for one app: always the same for the same pair."""
        self.ensure_person(person)
        digest = hashlib.sha256(f"{appid}/{person}".encode()).hexdigest()
        openid = "o" + "".join(_BASE64URL[int(digest[i : i + 2], 16) % 64] for i in range(0, 54, 2))
        self.db.run(
            "INSERT OR IGNORE INTO openids (openid, appid, person) VALUES (?, ?, ?)", openid, appid, person
        )
        return openid

    def unionid_of(self, person: str) -> str:
        digest = hashlib.sha256(f"union/{person}".encode()).hexdigest()
        return "oUn" + "".join(_BASE64URL[int(digest[i : i + 2], 16) % 64] for i in range(0, 50, 2))

    def person_of(self, openid: str, appid: str | None = None) -> str | None:
        found = self.db.row("SELECT person, appid FROM openids WHERE openid = ?", openid)
        if found is None or (appid is not None and found["appid"] != appid):
            return None
        return str(found["person"])

    def ensure_person(self, name: str) -> None:
        self.db.run("INSERT OR IGNORE INTO people (name, created_at) VALUES (?, ?)", name, self.clock.now())

    def people(self) -> list[str]:
        return [row["name"] for row in self.db.rows("SELECT name FROM people ORDER BY created_at, rowid")]


_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TEST_USERS = ("小雁", "阿禾", "林姐", "老周", "陈妈妈", "王先生", "小米", "苏苏")


def open_world(
    folder: Path, *, public_url: str, product_url: str | None = None, time_factor: float | None = None
) -> World:
    """Open the simulator's folder, making keys, secrets and database on the first start."""
    credentials = ensure_credentials(folder)
    database = Database(folder / "simulator.sqlite3")
    clock = Clock(float(database.recall("clock_offset", 0.0)))
    first = Settings() if time_factor is None else Settings(time_factor=time_factor)
    settings = first.changed(database.recall("settings", {}))
    if time_factor is not None:
        settings = replace(settings, time_factor=time_factor)
    world = World(
        folder=folder,
        public_url=public_url.rstrip("/"),
        product_url=product_url.rstrip("/") if product_url else None,
        credentials=credentials,
        merchants=Merchants(credentials),
        keyring=KeyRing(folder),
        db=database,
        clock=clock,
        faults=FaultBoard(),
        settings=settings,
        first_settings=first,
    )
    for table in ("orders", "notices"):
        # Rows of an older simulator, which knew one merchant only.
        database.run(f"UPDATE {table} SET mchid = ? WHERE mchid = ''", credentials.mchid)
    for name in TEST_USERS:
        world.ensure_person(name)
    return world
