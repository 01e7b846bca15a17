"""A leader who sells in the mini-program, and the platform that judges what they say, in one process."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.test import Client
from PIL import Image
from starlette.testclient import TestClient

import factories
from fulfilment.tradeworld import Caller
from yantuan.catalog.models import Product
from yantuan.gateways.wechat_content import ContentClient
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.identity import sessions
from yantuan.identity.models import Channel, Person
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.media.actions import store_picture
from yantuan.moderation.models import Submission
from yantuan.simulator.content import judged
from yantuan.simulator.world import World as SimWorld
from yantuan.stores.models import Store

_widths = count(1)
RGB = {"red": (230, 20, 20), "green": (20, 230, 20), "white": (250, 250, 250)}


@dataclass
class Hall:
    http: TestClient
    world: SimWorld
    boss: Caller
    store: Store
    openid: str

    # The platform

    def control(self, verb: str, path: str, **body: Any) -> Any:
        answer = self.http.request(verb, f"/_sim{path}", json=body if verb == "POST" else None)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def client(self) -> ContentClient:
        c = self.world.credentials
        settings = MiniSettings(str(self.http.base_url), c.mini_appid, c.mini_secret)
        return ContentClient(settings, MemoryTokenStore(), transport=self.http._transport)

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "/faults", kind=kind, **more)

    def checks(self, kind: str = "") -> list[Any]:
        return [c for c in self.control("GET", "/content")["checks"] if kind in ("", c["kind"])]

    def seen(self, seconds_ago: float = 0) -> None:
        self.control("POST", "/content/seen", openid=self.openid, seconds_ago=seconds_ago)

    def judge_pictures(self) -> None:
        """The platform fetches what it was asked about, judges by colour, and pushes."""
        for check in self.checks("picture"):
            if check["suggest"] == "" and check["errcode"] == 0:
                self.judge(check)

    def judge(self, check: Any, *flaws: str) -> int:
        """One picture as the platform would, its bytes fetched from the product; answers the push's status."""
        path = check["content"].removeprefix("http://testserver")
        answer = Client().get(path)
        suggest, label, errcode = judged(self.world, answer.status_code, answer.content)
        number = self.control(
            "POST",
            "/content/judge",
            trace_id=check["trace_id"],
            suggest=suggest,
            label=label,
            errcode=errcode,
        )["push"]
        return self.deliver(number, *flaws)

    def tell(self, check: Any, suggest: str, label: int = 100, errcode: int = 0, *flaws: str) -> int:
        """A verdict of our choice, pushed; answers the push's status."""
        body = {"trace_id": check["trace_id"], "suggest": suggest, "label": label, "errcode": errcode}
        return self.deliver(self.control("POST", "/content/judge", **body)["push"], *flaws)

    def deliver(self, number: int, *flaws: str) -> int:
        ready = self.control("POST", f"/push/{number}/render", flaws=list(flaws))
        target = "/" + ready["url"].split("/", 3)[3]
        answer = Client().post(target, ready["body"].encode(), content_type=ready["content_type"])
        outbox.drain()
        return int(answer.status_code)

    # The leader

    def picture(self, colour: str, purpose: str = "content") -> int:
        out = io.BytesIO()
        Image.new("RGB", (60 + next(_widths), 64), RGB[colour]).save(out, "PNG")
        return store_picture(self.boss.who.id, purpose, out.getvalue()).id

    def goods(self) -> Product:
        """A product whose picture nobody could take for a red one."""
        made = factories.product(self.store)
        made.picture_media_ids = [self.picture("white", "product")]
        made.save(update_fields=["picture_media_ids"])
        return made

    def body(self, title: str = "周末水果团", *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
        product = more.pop("product", None) or self.goods()
        sku = product.skus.first()
        return {
            "title": title, "blocks": list(blocks),
            "offers": [{"sku_id": str(sku.id), "price_fen": 3990}],
            "starts_at": (now() - timedelta(minutes=1)).isoformat(),
            "ends_at": (now() + timedelta(days=1)).isoformat(), **more,
        }  # fmt: skip

    def draft(self, title: str = "周末水果团", *blocks: dict[str, Any], **more: Any) -> Any:
        return self.boss.ok(
            "POST", f"/leader/stores/{self.store.id}/group-buys", self.body(title, *blocks, **more)
        )

    def publish(self, sale: Any) -> Any:
        """Tap publish; answers the sale as the leader sees it when the texts are judged."""
        self.boss.ok("POST", f"/leader/group-buys/{sale['id']}/publish")
        outbox.drain()
        return self.sale(sale)

    def sale(self, sale: Any) -> Any:
        return self.boss.ok("GET", f"/leader/group-buys/{sale['id']}")

    def opened(self, *blocks: dict[str, Any]) -> Any:
        """A sale that has passed and is open."""
        sale = self.publish(self.draft("周末水果团", *blocks))
        self.judge_pictures()
        found = self.sale(sale)
        assert (found["status"], found["review"]) == ("open", None), found["review"]
        return found

    def reachable(self, sale: Any) -> list[str]:
        """Every public way on which the sale can be met."""
        client = Client()
        found = []
        for path in (f"/api/g/{sale['code']}", f"/share/g/{sale['code']}/card.jpg"):
            if client.get(path).status_code == 200:
                found.append(path)
        shop = client.get(f"/api/s/{self.store.code}")
        if shop.status_code == 200 and sale["code"] in [g["code"] for g in shop.json()["groups"]]:
            found.append("shop")
        answer = self.boss.call("POST", f"/leader/group-buys/{sale['id']}/shares", {"kind": "poster"})
        if answer.status_code == 200:
            found.append("poster")
        if sale["title"] in client.get(f"/g/{sale['code']}").content.decode():
            found.append("document")
        return found

    def submission(self, sale: Any) -> Submission:
        return Submission.objects.get(kind="groupbuy", subject_id=int(sale["id"]))


def open_hall(http: TestClient, world: SimWorld) -> Hall:
    owner: Person = factories.leader("林小满")
    openid = world.openid_of(world.credentials.mini_appid, "林姐")
    Channel.objects.create(
        person=owner, kind="mini", appid=world.credentials.mini_appid, openid=openid, created_at=now()
    )
    token = sessions.start(owner, "mp", "")
    hall = Hall(http, world, Caller(owner, token), factories.store(owner), openid)
    hall.seen()
    return hall
