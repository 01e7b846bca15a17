"""pretix: its REST API creates an order, with quotas checked, in one call. Its web checkout needs many more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.peers import machine
from bench.peers.peer import GUNICORN, PROCESSES, Buyer, Failed, Outcome, PythonPeer
from ports import free_port


class PretixBuyer(Buyer):
    """An order on behalf of a buyer, with the organizer's API token."""

    async def order(self, good: str) -> Outcome:
        body = {
            "email": self.new_email(),
            "locale": "en",
            "status": "n",
            "payment_provider": "manual",
            "send_email": False,
            "positions": [{"item": int(self.seed[good])}],
        }
        answer = await self.connection.post(
            "/api/v1/organizers/bench/events/bench/orders/",
            body,
            {"Authorization": f"Token {self.seed['token']}"},
        )
        if answer.status == 400 and b"quota" in answer.body:
            return Outcome.REFUSED
        if answer.status != 201 or not answer.json().get("code"):
            raise Failed(f"orders {answer.status}")
        return Outcome.PLACED


class Pretix(PythonPeer):
    name = "pretix"
    title = "pretix"
    package = "pretix"
    calls_per_order = 1
    flow = "POST orders (REST API, pending payment, no mail)"
    notes = f"gunicorn, {PROCESSES} sync workers; Redis cache and broker; Celery worker apart"
    buyer = PretixBuyer
    sold_sql = (
        "SELECT count(*) FROM pretixbase_orderposition p JOIN pretixbase_order o ON o.id = p.order_id"
        " WHERE p.item_id = %s::bigint AND o.status IN ('n', 'p') AND NOT p.canceled"
    )

    def _environment(self, url: str, redis: int) -> dict[str, str]:
        host, _, name = url.split("@")[1].partition("/")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        found = machine.environment(
            PRETIX_PRETIX_DATADIR=str(data),
            PRETIX_PRETIX_URL="http://127.0.0.1",
            PRETIX_DJANGO_SECRET=machine.SECRET,
            PRETIX_DATABASE_BACKEND="postgresql",
            PRETIX_DATABASE_NAME=name,
            PRETIX_DATABASE_USER="yantuan",
            PRETIX_DATABASE_HOST=host.split(":")[0],
            PRETIX_DATABASE_PORT=host.split(":")[1],
        )
        if redis:
            found |= {
                "PRETIX_REDIS_LOCATION": f"redis://127.0.0.1:{redis}/0",
                "PRETIX_REDIS_SESSIONS": "true",
                "PRETIX_CELERY_BROKER": f"redis://127.0.0.1:{redis}/1",
                "PRETIX_CELERY_BACKEND": f"redis://127.0.0.1:{redis}/2",
            }
        return found

    def seed(self, url: str, environment: Mapping[str, str]) -> None:
        machine.run(self.python("seed.py"), self.folder, self._environment(url, 0) | environment)

    @contextmanager
    def serve(self, url: str, port: int) -> Iterator[None]:
        redis = free_port()
        env = self._environment(url, redis)
        cache: list[str | Path] = [
            self.bin / "redis-server",
            "--save",
            "",
            "--bind",
            "127.0.0.1",
            "--port",
            str(redis),
        ]
        jobs = self.python("-m", "celery", "-A", "pretix.celery_app", "worker", "--concurrency", "1")
        web = self.python(
            "-m",
            "gunicorn",
            *GUNICORN,
            "--workers",
            str(PROCESSES),
            "--bind",
            f"127.0.0.1:{port}",
            "pretix.wsgi",
        )
        with machine.running("redis", cache, self.folder, env):
            machine.wait_for_port(redis)
            with (
                machine.running("jobs", jobs, self.folder, env),
                machine.running("web", web, self.folder, env),
            ):
                machine.wait_for_port(port)
                yield
