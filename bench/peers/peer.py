"""What the bench needs to know of a peer."""

from __future__ import annotations

import abc
import json
import os
import shutil
import sys
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path

from bench.peers import machine
from bench.peers.wire import Connection

SOURCE = Path(__file__).resolve().parent
PROCESSES = max(2, 2 * (os.cpu_count() or 1))
# A busy machine must not have workers killed in the middle of an order.
GUNICORN = ("--no-control-socket", "--timeout", "180")
SPREAD = 100
HOT_STOCK = 200
HOT_ROUNDS = 9
PLENTY = 1_000_000


class Outcome(Enum):
    """What one try to order came to: an order, or a plain "sold out"."""

    PLACED = "placed"
    REFUSED = "refused"


class Failed(Exception):
    """An answer that is neither an order nor a refusal."""


class Buyer(abc.ABC):
    """One buyer with a session and a connection of their own."""

    def __init__(self, port: int, seed: Mapping[str, str]) -> None:
        self.seed = seed
        self.connection = Connection(port)

    @staticmethod
    def new_email() -> str:
        """Another person for every order: peers that keep a row per e-mail address must not queue on it."""
        return f"buyer-{uuid.uuid4().hex}@example.com"

    @abc.abstractmethod
    async def order(self, good: str) -> Outcome:
        """One unit of `good`, through every call up to a placed order. Raises Failed."""


class Peer(abc.ABC):
    """A shop that can be installed, seeded, served and bought from."""

    name: str
    title: str
    calls_per_order: int
    flow: str
    notes: str
    buyer: type[Buyer]
    sold_sql: str

    def __init__(self, home: Path) -> None:
        self.folder = home / self.name
        self.source = SOURCE / self.name

    @abc.abstractmethod
    def version(self) -> str | None:
        """The installed version, None when it is not installed."""

    @abc.abstractmethod
    def install(self) -> None:
        """Install the pinned packages into `folder`, from the registries."""

    @abc.abstractmethod
    def seed(self, url: str, environment: Mapping[str, str]) -> None:
        """Make schema and goods in the empty database `url`."""

    @abc.abstractmethod
    def serve(self, url: str, port: int) -> AbstractContextManager[None]:
        """Run the shop in production mode for the time of the block."""

    @property
    def kept(self) -> tuple[Path, Path]:
        """The dump of the seeded database and the seed's answer."""
        return self.folder / "seed.dump", self.folder / "seed.json"

    def prepare(self, server: str) -> None:
        """Seed once and keep a dump; nothing to do when one is there."""
        kept, answer = self.kept
        if kept.exists() and answer.exists():
            return
        goods = [{"name": f"spread-{n}", "stock": PLENTY} for n in range(SPREAD)]
        goods += [{"name": f"hot-{n}", "stock": HOT_STOCK} for n in range(HOT_ROUNDS)]
        url = machine.create_database(server, self.name)
        self.seed(url, {"PEER_GOODS": json.dumps(goods), "PEER_ANSWER": str(answer)})
        machine.dump(url, kept)

    def open(self, server: str) -> tuple[str, dict[str, str]]:
        """A fresh database from the dump: its URL and the seed's answer."""
        kept, answer = self.kept
        url = machine.create_database(server, self.name)
        machine.restore(url, kept)
        return url, json.loads(answer.read_text())


class PythonPeer(Peer):
    """A peer from PyPI, in a virtual environment of its own."""

    package: str

    @property
    def bin(self) -> Path:
        return self.folder / "venv" / "bin"

    def version(self) -> str | None:
        found = list(self.folder.glob(f"venv/lib/python*/site-packages/{self.package}-*.dist-info"))
        return found[0].name.removesuffix(".dist-info").rpartition("-")[2] if found else None

    def install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        env = machine.environment()
        if not (self.bin / "python").exists():
            machine.run([Path(sys.executable), "-m", "venv", self.folder / "venv"], self.folder, env)
        pip: list[str | Path] = [self.bin / "python", "-m", "pip", "install", "--quiet"]
        machine.run([*pip, "--require-hashes", "-r", self.source / "requirements.txt"], self.folder, env)
        for file in self.source.glob("*.py"):
            if file.name not in ("__init__.py", "driver.py"):
                shutil.copy(file, self.folder)

    def python(self, *arguments: str) -> list[str | Path]:
        return [self.bin / "python", *arguments]
