"""A shop all of whose texts are written by somebody in bad faith, through the API, as the app would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import factories as make
from security.conftest import Browser, Shop, open_shop
from security.corpus import fitting
from yantuan.identity.models import Person
from yantuan.orders.models import Order

Words = dict[str, str]
"""Field → the text in it."""

LENGTHS = {
    "nickname": 20, "store.name": 20, "store.introduction": 2000, "store.notice": 300, "store.contact_wechat": 40,
    "store.aftersale_policy": 2000, "store.offline_note": 200, "store.return_name": 40, "store.return_address": 200,
    "point.name": 40, "point.address": 200, "point.hours": 100, "product.title": 100, "product.description": 2000,
    "sku.name": 30, "sku.code": 32, "sale.title": 40, "sale.block": 2000, "question.label": 30, "question.choice": 30,
    "order.remark": 200, "order.answer": 200, "order.choice": 30, "address.name": 50, "address.detail": 120, "order.note": 300,
    "case.description": 500, "case.answer": 300, "proof.note": 100, "share.label": 20, "shipment.note": 100,
}  # fmt: skip
"""Every text people see, with its limit."""


LONG = [name for name, longest in LENGTHS.items() if longest >= 100]
"""Fields that take every text of the corpus."""


def words_of(texts: Sequence[str]) -> Iterator[Words]:
    """These texts, each in one long field at least, every field filled at least twice."""
    for turn in range(max(2, -(-len(texts) // len(LONG)))):
        words = {
            name: fitting(texts, longest, turn * 7 + n) for n, (name, longest) in enumerate(LENGTHS.items())
        }
        words |= {name: fitting(texts, LENGTHS[name], turn * len(LONG) + n) for n, name in enumerate(LONG)}
        yield words | {"order.choice": words["question.choice"]}


@dataclass
class Stage:
    """The shop, and what was made last."""

    shop: Shop = field(default_factory=open_shop)
    order_ids: list[int] = field(default_factory=list)
    case_ids: list[int] = field(default_factory=list)
    token: str = ""

    def __post_init__(self) -> None:
        self.leader = Browser(self.shop.leader)
        self.sale = f"/api/leader/group-buys/{self.shop.sale.id}"
        self.store = f"/api/leader/stores/{self.shop.store.id}"
        self.product_id = self.shop.sale.offers.get().product_id

    def change(self, browser: Browser, path: str, changes: dict[str, Any]) -> None:
        """Read, change, put back: as a form does."""
        whole = browser.get(path).json() | changes
        answer = browser.send("PUT", path, whole)
        assert answer.status_code == 200, (path, answer.content.decode())

    def dress(self, words: Words) -> Person:
        """Write all texts; answers the buyer who ordered."""
        self._store(words)
        self._goods(words)
        buyer = make.person()
        self._buyer(Browser(buyer), buyer, words)
        return buyer

    def _store(self, words: Words) -> None:
        settings = {name[6:]: text for name, text in words.items() if name.startswith("store.")}
        row = self.leader.get(self.store).json()
        media = {
            "cover_media_id": (row["cover"] or {}).get("id"),
            "collection_code_media_id": (row["collection_code"] or {}).get("id"),
        }
        self.change(self.leader, self.store, settings | media)
        point = self.shop.store.pickup_points.get().id
        body = {name[6:]: text for name, text in words.items() if name.startswith("point.")}
        answer = self.leader.send(
            "PUT", f"/api/leader/pickup-points/{point}", body | {"contact_phone": "13900000001"}
        )
        assert answer.status_code == 200, answer.content.decode()

    def _goods(self, words: Words) -> None:
        path = f"/api/leader/products/{self.product_id}"
        row = self.leader.get(path).json()
        skus = [
            sku | {"name": words["sku.name"], "code": words["sku.code"], "stock": None} for sku in row["skus"]
        ]
        pictures = [picture["id"] for picture in row["pictures"]]
        texts = {"title": words["product.title"], "description": words["product.description"]}
        self.change(self.leader, path, texts | {"skus": skus, "picture_media_ids": pictures})
        row = self.leader.get(self.sale).json()
        questions = [
            {"id": "q1", "label": words["question.label"], "kind": "text", "required": True},
            {
                "id": "q2",
                "label": words["question.label"],
                "kind": "choice",
                "choices": [words["question.choice"], "都可以"],
            },
        ]
        body = {
            "title": words["sale.title"], "blocks": [{"kind": "text", "text": words["sale.block"]}], "questions": questions,
            "pickup_point_ids": [point["id"] for point in row["pickup_points"]],
            "offers": [offer | {"stock": None} for offer in row["offers"]],
        }  # fmt: skip
        self.change(self.leader, self.sale, body)
        label = {"kind": "link", "label": words["share.label"]}
        made = self.leader.post(f"{self.sale}/shares", label)
        assert made.status_code in (200, 201), made.content.decode()
        self.token = made.json()["token"]

    def _buyer(self, browser: Browser, buyer: Person, words: Words) -> None:
        assert browser.send("PATCH", "/api/me", {"nickname": words["nickname"]}).status_code == 200
        address = {
            "name": words["address.name"], "phone": "13812341234", "province": "上海市", "city": "上海市", "district": "浦东新区",
            "detail": words["address.detail"],
        }  # fmt: skip
        kept = browser.post("/api/me/addresses", address)
        assert kept.status_code in (200, 201), kept.content.decode()
        body = make.order_body(self.shop.sale, buyer).model_dump(mode="json") | {
            "address_id": kept.json()["id"], "remark": words["order.remark"],
            "answers": [{"question_id": "q1", "answer": words["order.answer"]}, {"question_id": "q2", "answer": words["order.choice"]}],
        }  # fmt: skip
        placed = browser.post("/api/orders", body)
        assert placed.status_code == 201, placed.content.decode()
        order = Order.objects.get(id=int(placed.json()["id"]))
        self.order_ids.append(order.id)
        self._afterwards(browser, order, words)

    def _afterwards(self, browser: Browser, order: Order, words: Words) -> None:
        shown = make.picture(order.person, "proof")
        proof = browser.post(
            f"/api/orders/{order.id}/proof", {"media_id": str(shown.id), "note": words["proof.note"]}
        )
        assert proof.status_code in (200, 201), proof.content.decode()
        proof_id = self.leader.get(f"/api/leader/orders/{order.id}").json()["proofs"][0]["id"]
        assert self.leader.post(f"/api/leader/proofs/{proof_id}/confirm").status_code == 200
        note = self.leader.send(
            "PUT", f"/api/leader/orders/{order.id}/note", {"private_note": words["order.note"]}
        )
        assert note.status_code == 200, note.content.decode()
        parcel = {"carrier": "YTO", "tracking_no": f"YT{order.id}", "note": words["shipment.note"]}
        sent = self.leader.post(f"/api/leader/orders/{order.id}/shipments", parcel)
        assert sent.status_code in (200, 201), sent.content.decode()
        claim = make.claim_body(order).model_dump(mode="json") | {"description": words["case.description"]}
        opened = browser.post(f"/api/orders/{order.id}/aftersales", claim)
        assert opened.status_code in (200, 201), opened.content.decode()
        self.case_ids.append(int(opened.json()["id"]))
        refused = self.leader.post(
            f"/api/leader/aftersales/{self.case_ids[-1]}/refuse", {"answer": words["case.answer"]}
        )
        assert refused.status_code == 200, refused.content.decode()
