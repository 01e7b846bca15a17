"""What an app's owner may ask of WeChat about the app itself: its message templates, its quotas, the platform's clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.gateways.wechat_api import PROVIDER, text_of
from yantuan.gateways.wechat_app import AppClient

_FIELD = re.compile(r"\{\{\s*([a-z_]+\d+)\.DATA\s*\}\}")


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A message template as the app's owner chose it."""

    template_id: str
    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one interface today."""

    daily_limit: int
    used: int
    remain: int


class ConsoleGateway(Protocol):
    """What the doctor asks. Every method may raise the GatewayError family."""

    def templates(self) -> list[TemplateInfo]: ...
    def quota(self, path: str) -> Quota: ...
    def platform_time(self) -> datetime | None: ...


class ConsoleClient(AppClient):
    """Thread-safe. Give it a store of its own to see whether a new token can be had."""

    def templates(self) -> list[TemplateInfo]:
        """All templates of the mini-program."""
        rows = self._tokened.call("GET", "/wxaapi/newtmpl/gettemplate", repeatable=True).get("data")
        if not isinstance(rows, list):
            raise GatewayUnavailable(PROVIDER, "data is missing", http_status=200)
        return [
            TemplateInfo(
                text_of(row, "priTmplId"),
                text_of(row, "title", required=False),
                tuple(_FIELD.findall(text_of(row, "content", required=False))),
            )
            for row in rows
            if isinstance(row, dict)
        ]

    def quota(self, path: str) -> Quota:
        """How often an interface may still be called today."""
        answer = self._tokened.call(
            "POST", "/cgi-bin/openapi/quota/get", payload={"cgi_path": path}, repeatable=True
        )
        found = answer.get("quota")
        numbers = (
            [found.get(name) for name in ("daily_limit", "used", "remain")] if isinstance(found, dict) else []
        )
        if len(numbers) != 3 or not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
            raise GatewayUnavailable(PROVIDER, "quota is missing", http_status=200)
        return Quota(*(int(n) for n in numbers if n is not None))

    def platform_time(self) -> datetime | None:
        """The platform's clock by the head of an answer, to the second; None when it names none."""
        answer = self._api.http.send("GET", "/cgi-bin/token")
        try:
            return parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return None
