"""Running the simulator as a server of its own."""

from functools import partial
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from yantuan.simulator.app import create_app
from yantuan.simulator.credentials import ensure_credentials

ANY_HOST = ("0.0.0.0", "::")


def serve(
    folder: Path,
    host: str,
    port: int,
    *,
    public_url: str | None = None,
    product_url: str | None = None,
    time_factor: float | None = None,
    smtp_port: int | None = None,
) -> None:
    """Serve until stopped by a signal. Mail is taken at `smtp_port`, by default `port` + 1.

    `public_url` is, unless given, the address bound (or this machine, when all addresses are bound).
    One worker only: the simulator's clock, settings and background delivery live in one process.
    """
    ensure_credentials(folder)
    name = "127.0.0.1" if host in ANY_HOST else host
    loader = partial(
        create_app,
        folder,
        public_url=public_url or f"http://{name}:{port}",
        product_url=product_url,
        time_factor=time_factor,
        smtp=(host, smtp_port or port + 1),
    )
    server = Granian(
        "yantuan.simulator",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=loader, wrap_loader=False)
