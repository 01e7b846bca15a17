"""`yantuan up`: set up, then web, worker and (in demo) the simulator, until a signal. Imports no Django: this process stays small."""

from __future__ import annotations

import argparse
import ctypes
import encodings.idna  # noqa: F401 - looking up a name imports it; never at the moment of a fork
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from yantuan import __version__
from yantuan.kernel.lean import Later, put_off

# The server looks for them; only the web processes use them.
put_off("uvloop", "dotenv")

from granian import Granian  # noqa: E402
from granian.constants import Interfaces  # noqa: E402
from granian.http import HTTP1Settings  # noqa: E402
from granian.log import LogLevels  # noqa: E402

tomllib: Any = Later("tomllib")
PACKAGE = Path(__file__).resolve().parent.parent


def up(options: argparse.Namespace) -> int:
    """Run everything until SIGINT or SIGTERM; children that die are started again."""
    data = Path(os.environ.get("YANTUAN_DATA", "data")).resolve()
    data.mkdir(parents=True, exist_ok=True)
    os.environ["YANTUAN_DATA"] = str(data)
    shutil.rmtree(data / "metrics", ignore_errors=True)
    _spare_memory()
    _configure(options, data)
    children = Children()
    if options.demo:
        simulator_options = ["--host", options.host, "--port", str(options.simulator_port)]
        product = ["--product-url", os.environ["YANTUAN_PUBLIC_URL"]]
        children.start("simulator", ["simulator", *simulator_options, *product])
    if not _is_prepared(data, options.demo):
        steps = ["migrate", *(["demo"] if options.demo else [])]
        for step in steps:
            status = subprocess.run([sys.executable, "-m", "yantuan", step], check=False).returncode
            if status:
                children.stop()
                return status
        (data / "prepared").write_text(_stamp(options.demo))
    threading.Thread(target=_when_serving, args=[options, children], daemon=True).start()
    try:
        _serve(options)
    finally:
        children.stop()
    return 0


def _spare_memory() -> None:
    """Tell glibc to keep two arenas only and to give large buffers (pictures being drawn) back at once.

    The environment reaches the children; the web process is forked from this one, so it is told directly as well.
    """
    options = {
        "MALLOC_ARENA_MAX": (-8, 2),
        "MALLOC_MMAP_THRESHOLD_": (-3, 131_072),
        "MALLOC_TRIM_THRESHOLD_": (-1, 131_072),
    }
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    for name, (parameter, value) in options.items():
        os.environ.setdefault(name, str(value))
        if mallopt is not None:
            mallopt(parameter, value)


class Children:
    """The processes beside the web server: watched, restarted with growing pauses, stopped together."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()

    def start(self, name: str, command: list[str]) -> None:
        threading.Thread(target=self._keep, args=[name, command], daemon=True).start()

    def _keep(self, name: str, command: list[str]) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = subprocess.Popen([sys.executable, "-m", "yantuan", *command], start_new_session=True)
            self._running[name] = process
            status = process.wait()
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, 30)
            sys.stderr.write(f"{name} ended with {status}; starting it again in {pause:.0f} s\n")
            self._stopping.wait(pause)

    def stop(self) -> None:
        """Ask all to end, wait up to ten seconds, then end them."""
        self._stopping.set()
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _configure(options: argparse.Namespace, data: Path) -> None:
    """Put what the children need into the environment; anything set by the operator wins."""
    host = _near(options.host)
    public = os.environ.setdefault("YANTUAN_PUBLIC_URL", f"http://{host}:{options.port}")
    if options.demo:
        os.environ["YANTUAN_DEMO"] = "1"
        for name, value in _simulator_environment(
            data, f"http://{host}:{options.simulator_port}", public
        ).items():
            os.environ.setdefault(name, value)
    if options.workers > 1 and not os.environ.get("YANTUAN_DATABASE_URL"):
        raise SystemExit("more than one web process needs PostgreSQL: set YANTUAN_DATABASE_URL")


def _near(host: str) -> str:
    """The host of an address on this machine for what is listened on: any address means this machine's own."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host


def _simulator_environment(data: Path, simulator_url: str, public_url: str) -> dict[str, str]:
    """What the product must know of the simulator; asked of a short-lived process, to keep this one small."""
    command = ["simulator", "--print-environment", simulator_url, "--product-url", public_url]
    answer = subprocess.run(
        [sys.executable, "-m", "yantuan", *command], check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def _stamp(demo: bool) -> str:
    """Changes with every version, migration and database, so that set-up runs exactly when something is new."""
    digest = hashlib.sha256(f"{__version__} {demo} {os.environ.get('YANTUAN_DATABASE_URL', '')}".encode())
    for path in sorted(PACKAGE.glob("*/migrations/0*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _is_prepared(data: Path, demo: bool) -> bool:
    stamp = data / "prepared"
    has_database = bool(os.environ.get("YANTUAN_DATABASE_URL")) or (data / "yantuan.sqlite3").exists()
    return has_database and stamp.exists() and stamp.read_text() == _stamp(demo)


def _serve(options: argparse.Namespace) -> None:
    Granian(
        "yantuan.api.asgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        workers=options.workers,
        websockets=False,
        backlog=2048,
        backpressure=1024,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()


def _when_serving(options: argparse.Namespace, children: Children) -> None:
    """Start the worker and print the addresses once the web answers: on a small machine the two would slow each other.

    Until the web process has been forked this thread only sleeps: a lock held here at that moment, such as the one of
    an import or of a name look-up, would be held in the web process for ever.
    """
    while not multiprocessing.active_children():
        time.sleep(0.02)
    for _ in range(600):
        if _answers(_near(options.host).strip("[]"), options.port):
            break
        time.sleep(0.05)
    children.start("worker", ["worker"])
    if _setting("copy_to") and not os.environ.get("YANTUAN_DATABASE_URL"):
        children.start("copy", ["copy"])
    _announce(options)


def _answers(host: str, port: int) -> bool:
    """Whether the web says it is well; asked by hand, for the standard library's clients are larger than the rest of this process."""
    try:
        with socket.create_connection((host, port), timeout=2) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return line.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def _setting(name: str) -> str:
    """One setting by the environment or yantuan.toml, without the weight of `kernel.config`."""
    if given := os.environ.get(f"YANTUAN_{name.upper()}"):
        return given
    written = Path(os.environ["YANTUAN_DATA"]) / "yantuan.toml"
    return str(tomllib.loads(written.read_text()).get(name, "")) if written.exists() else ""


def _announce(options: argparse.Namespace) -> None:
    public = os.environ["YANTUAN_PUBLIC_URL"]
    lines = [
        "",
        "  雁团已经启动 (Yantuan is up)",
        f"    应用 app (H5)       {public}/",
        f"    运营台 console      {public}/console/",
        f"    接口文档 OpenAPI    {public}/api/openapi.json",
        f"    健康检查 health     {public}/healthz",
    ]
    if options.demo:
        lines.append(
            f"    微信模拟器 simulator {os.environ['YANTUAN_SIMULATOR_URL']}/ (收银台 cashier, 收件箱 inbox)"
        )
    lines += [f"    数据 data           {os.environ['YANTUAN_DATA']}", "    Ctrl+C 停止 (stop)", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
