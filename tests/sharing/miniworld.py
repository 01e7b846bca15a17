"""WeChat's side of links and codes, steered from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from starlette.testclient import TestClient

from yantuan.gateways.wechat_links import LinksClient
from yantuan.gateways.wechat_mini import EnvVersion, MiniClient, MiniSettings
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.simulator.world import World

BASE = "http://127.0.0.1:8001"


@dataclass
class Platform:
    http: TestClient
    world: World

    @property
    def transport(self) -> httpx.BaseTransport:
        return self.http._transport

    def settings(self) -> MiniSettings:
        c = self.world.credentials
        return MiniSettings(BASE, c.mini_appid, c.mini_secret)

    def links(self, env_version: EnvVersion = "release") -> LinksClient:
        return LinksClient(
            self.settings(), MemoryTokenStore(), env_version=env_version, transport=self.transport
        )

    def mini(self) -> MiniClient:
        return MiniClient(self.settings(), MemoryTokenStore(), transport=self.transport)

    def control(self, verb: str, path: str, **body: Any) -> Any:
        answer = self.http.request(verb, f"/_sim{path}", json=body if verb == "POST" else None)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "/faults", kind=kind, **more)

    def calls(self, ending: str) -> int:
        return sum(call["path"].endswith(ending) for call in self.control("GET", "/calls")["calls"])
