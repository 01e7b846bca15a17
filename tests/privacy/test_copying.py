"""A person's copy: machine-readable, whole, and nothing of anybody else."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

import factories as make
from privacy.conftest import OPENID, Trail
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Address
from yantuan.identity.phones import phone_of
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import NotFound
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import LocalDelivery
from yantuan.privacy import copying
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor("operator", 7)


def test_it_holds_everything_of_the_person(trail: Trail, tmp_path: Path) -> None:
    order = make.received(make.order(trail.sale, trail.buyer))
    trail.paid_by_wechat(order)
    make.aftersale(order)
    folder = copying.write(trail.buyer, tmp_path, OPERATOR)
    text = (folder / "data.json").read_text()
    data = json.loads(text)
    phone = phone_of(trail.buyer.phone_sealed)
    assert (data["person"]["nickname"], data["person"]["phone"]) == (trail.buyer.nickname, phone)
    assert data["sign_in_channels"][0]["openid"] == OPENID
    assert data["addresses"][0]["phone"] == phone and data["addresses"][0]["detail"]
    told = data["orders"][0]
    assert (told["id"], told["total_fen"], told["phone"]) == (str(order.id), order.total_fen, phone)
    assert (
        told["lines"]
        and told["events"]
        and told["parcels"]
        and told["aftersales"][0]["description"] == "有一个坏了"
    )
    assert told["payments"][0]["payer_openid"] == OPENID
    assert data["messages"] and data["message_consents"] and data["sessions"]
    names = {f"{p['id']}.webp" for p in data["pictures"]}
    assert names == {p.name for p in (folder / "pictures").iterdir()} != set()
    assert AuditEntry.objects.get(action="person.export").target_id == trail.buyer.id


def test_nobody_else_may_read_it_and_none_is_overwritten(trail: Trail, tmp_path: Path) -> None:
    folder = copying.write(trail.buyer, tmp_path, OPERATOR)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "data.json").stat().st_mode) == 0o600
    before = (folder / "data.json").read_bytes()
    with pytest.raises(FileExistsError):
        copying.write(trail.buyer, tmp_path, OPERATOR)
    assert (folder / "data.json").read_bytes() == before


def test_nothing_of_others_is_in_it(trail: Trail) -> None:
    other = make.person("何必多问")
    make.received(make.order(trail.sale, other))
    make.received(make.order(trail.sale, trail.buyer))
    text = copying.as_bytes(copying.copy_of(trail.buyer, OPERATOR)).decode()
    leader = trail.store.leader.person
    for stranger in (other, leader):
        assert stranger.nickname not in text and phone_of(stranger.phone_sealed) not in text
        assert str(stranger.id) not in text
    assert "cost_fen" not in text, "what goods cost the leader is the leader's"


def test_a_leaders_copy_has_their_papers_and_stores(trail: Trail) -> None:
    data = copying.copy_of(trail.store.leader.person, OPERATOR)
    leader = data["leader"]
    assert (
        leader["certifications"][0]["legal_name"] == "林小满"
        and len(leader["certifications"][0]["id_number"]) == 18
    )
    assert leader["stores"][0]["return_address"] == "枫林路 88 弄 101"
    assert data["orders"] == []


def test_people_are_found_by_id_and_by_phone(trail: Trail) -> None:
    for number in (str(trail.buyer.id), f" {phone_of(trail.buyer.phone_sealed)} "):
        assert copying.find(number) == trail.buyer
    for nobody in ("13900000000", "12345", "", "abc", "9" * 30):
        with pytest.raises(NotFound):
            copying.find(nobody)


def test_places_on_the_map_are_in_the_copy_of_whose_they_are(trail: Trail) -> None:
    order = make.received(make.order(trail.sale, trail.buyer))
    shop = {"lat_e6": 31_230_400, "lng_e6": 121_473_700}
    template = {"rest": {}, "distance": {"origin": shop, "bands": [{"up_to_m": 3000, "fee_fen": 500}]}}
    Store.objects.filter(id=trail.store.id).update(freight_kind="template", freight_template=template)
    GroupBuy.objects.filter(id=trail.sale.id).update(options={"money": {"freight": template}})
    Address.objects.filter(person=trail.buyer).update(lat_e6=31_250_900, lng_e6=121_473_700)
    LocalDelivery.objects.create(
        order_id=order.id, store_id=trail.store.id, metres=2279, up_to_m=3000, fee_fen=500
    )
    mine = copying.copy_of(trail.buyer, OPERATOR)
    assert (mine["addresses"][0]["lat_e6"], mine["addresses"][0]["lng_e6"]) == (31_250_900, 121_473_700)
    assert mine["orders"][0]["distance"] == [{"metres": 2279, "up_to_m": 3000, "fee_fen": 500}]
    assert "31230400" not in json.dumps(mine)
    theirs = copying.copy_of(trail.store.leader.person, OPERATOR)
    assert theirs["leader"]["delivery_origins"] == [
        {"store_id": str(trail.store.id), **shop}, {"group_buy_id": str(trail.sale.id), **shop},
    ]  # fmt: skip
    assert "31250900" not in json.dumps(theirs)
