"""A whole instance under test: database, web processes, workers, simulator, and a proxy on every link between them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from tests.harness.pgproxy import PgProxy, Proxy

from ports import free_ports
from soak.parts import ROOT, Part, Supervisor
from soak.pg import Postgres
from yantuan.simulator.credentials import ensure_credentials

SECRET = "soak-only-secret-that-is-long-enough-0123456789"
HOLD_SECONDS = 25


class Front(Proxy):
    """What clients and the provider knock at: passes each connection to a web process that listens, in turn."""

    def __init__(self, ports: list[int], seed: int) -> None:
        super().__init__("127.0.0.1", ports[0], "tcp", seed)
        self._ports, self._turn = ports, 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        for step in range(len(self._ports)):
            port = self._ports[(self._turn + step) % len(self._ports)]
            if await self._listens(port):
                self.target = port
                break
        await super()._accept(reader, writer)

    async def _listens(self, port: int) -> bool:
        if len(self._ports) == 1:
            return True
        try:
            _, probe = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        probe.close()
        return True


class System:
    """Use as a context manager. `webs` and `workers` say how many; SQLite bears one of each."""

    def __init__(
        self,
        *,
        postgres: bool,
        webs: int = 1,
        workers: int = 1,
        seed: int = 0,
        proxies: bool = True,
        hold_seconds: int = HOLD_SECONDS,
        gather_seconds: int = 5,
    ) -> None:
        self._hold_seconds, self._gather_seconds = hold_seconds, gather_seconds
        self.folder = Path(tempfile.mkdtemp(prefix="yantuan-soak-"))
        self.data = self.folder / "data"
        self.data.mkdir()
        self.pg = Postgres() if postgres else None
        *web_ports, self.sim_port = free_ports(webs + 1)
        self.front = Front(web_ports, seed)
        self.psp = Proxy("127.0.0.1", self.sim_port, "tcp", seed)
        self.db = PgProxy(self.pg.url, seed) if self.pg and proxies else None
        self._web_ports, self._worker_count = web_ports, workers
        self.environment: dict[str, str] = {}
        self.webs: list[Part] = []
        self.workers: list[Part] = []
        self.simulator: Part | None = None
        self.supervisor = Supervisor([])
        self.world: dict[str, Any] = {}
        self.cold_start_s = 0.0
        """How long the web processes took to serve at the first start of this run, on this machine."""

    @property
    def app(self) -> str:
        """Where clients knock."""
        return f"http://127.0.0.1:{self.front.port}"

    @property
    def sim(self) -> str:
        """Where the harness reaches the simulator, past every proxy."""
        return f"http://127.0.0.1:{self.sim_port}"

    @property
    def parts(self) -> list[Part]:
        return [*self.webs, *self.workers, *([self.simulator] if self.simulator else [])]

    def __enter__(self) -> System:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def _open(self) -> None:
        if self.pg:
            self.pg.start()
        for proxy in (self.front, self.psp, self.db):
            if proxy is not None:
                proxy.start()
        self._prepare()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything and remove it."""
        self.supervisor.stop()
        for proxy in (self.front, self.psp, self.db):
            if proxy is not None and proxy._thread.is_alive():
                proxy.stop()
        if self.pg:
            self.pg.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
        base = f"http://127.0.0.1:{self.psp.port}"
        product = ensure_credentials(self.data / "simulator").product_env(base, self.app, self.sim_port + 1)
        self.environment = clean | product | {
            "YANTUAN_DATA": str(self.data),
            "YANTUAN_DATABASE_URL": self.db.url if self.db else self.pg.url if self.pg else "",
            "YANTUAN_SECRET_KEY": SECRET,
            "YANTUAN_HOLD_SECONDS": str(self._hold_seconds),
            "YANTUAN_NOTICE_GATHER_SECONDS": str(self._gather_seconds),
            "YANTUAN_CASHIER_URL": f"{self.sim}/cashier",
            "DJANGO_SETTINGS_MODULE": "yantuan.settings",
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            # One restart of a part must not make a storm of compiled files or arenas.
            "MALLOC_ARENA_MAX": "2",
        }  # fmt: skip
        log = self.folder / "log"
        log.mkdir()
        self.simulator = Part(
            "simulator",
            ["yantuan", "simulator", "--port", str(self.sim_port), "--product-url", self.app],
            self.environment, log / "simulator",
        )  # fmt: skip
        self.webs = [
            Part(f"web{n}", ["soak.web", str(port)], self.environment, log / f"web{n}")
            for n, port in enumerate(self._web_ports)
        ]
        self.workers = [
            Part(f"worker{n}", ["yantuan", "worker"], self.environment, log / f"worker{n}")
            for n in range(self._worker_count)
        ]
        self.supervisor.parts = self.parts

    def start(self, *, shops: int, offers: int, buyers: int) -> None:
        """Simulator, seed, then web and workers; the supervisor watches from then on."""
        assert self.simulator is not None
        self.simulator.start()
        self.wait_for(f"{self.sim}/_sim/config")
        self.simulate("config", {"time_factor": 60.0, "bills_at_once": True, "sms_per_day": 100_000})
        openids = [
            self.simulate("consents", {"user": f"leader{n}", "count": 100_000})["openid"]
            for n in range(shops)
        ]
        arguments = [str(offers), str(buyers), *openids]
        self.world = json.loads(self.python("soak.seed", *arguments))
        began = time.monotonic()
        for part in [*self.webs, *self.workers]:
            part.start()
        self.wait_ready(90)
        self.cold_start_s = round(time.monotonic() - began, 1)
        self.supervisor.start()

    def simulate(self, verb: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """One call of the simulator's control API."""
        answer = httpx.request(
            method, f"{self.sim}/_sim/{verb}", json=body if method == "POST" else None, timeout=30,
            trust_env=False,
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json()

    def python(self, module: str, *arguments: str, **extra: str) -> str:
        """Run a module with the instance's environment, past the proxies; answers its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], env=self.direct | extra, cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr[-3000:]}")
        return done.stdout

    @property
    def direct(self) -> dict[str, str]:
        """The instance's environment with the database reached directly: for looks that no fault may hide."""
        return self.environment | ({"YANTUAN_DATABASE_URL": self.pg.url} if self.pg else {})

    def command(self, *words: str, timeout: float = 300, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run `yantuan …` as the operator would."""
        return subprocess.run(
            [sys.executable, "-m", "yantuan", *words], env=self.direct | extra, cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=timeout,
        )  # fmt: skip

    def ready(self) -> bool:
        """Whether every web process can serve now."""
        return all(_answers(f"http://127.0.0.1:{port}/readyz") for port in self._web_ports)

    def wait_ready(self, seconds: float = 30) -> float:
        """Wait until every web process can serve; how long it took. Raises RuntimeError."""
        began = time.monotonic()
        for port in self._web_ports:
            self.wait_for(f"http://127.0.0.1:{port}/readyz", seconds)
        return time.monotonic() - began

    def wait_for(self, url: str, seconds: float = 60) -> None:
        """Wait for a 200. Raises RuntimeError with the logs' ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if _answers(url):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{url} does not answer\n{self.log_ends()}")

    def log_ends(self, lines: int = 25) -> str:
        """The last lines of every part's log."""
        texts = []
        for path in sorted((self.folder / "log").glob("*")):
            texts += [f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(texts)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
