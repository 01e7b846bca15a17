"""Telling the platform: a plan made under the lock, one remote call outside of it, and what came of it under the lock again."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from yantuan.fulfilment.models import Shipment
from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_shipping import (
    EXPRESS,
    SELF_PICKUP,
    ParcelInfo,
    ShippingRefused,
    ShippingUpload,
)
from yantuan.identity.queries import phone_of
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.orders.models import Order, OrderLine
from yantuan.shipinfo import facts, flow, gateway, rules
from yantuan.shipinfo.models import ShippingInfo
from yantuan.shipinfo.states import SHIPPING

log = logging.getLogger("yantuan.shipinfo")

BATCH = 50
LEASE = timedelta(minutes=2)
ROUND_SECONDS = 30.0
"""A slow platform must not keep the worker's timed thread for longer."""
ASK_AFTER = {EXPRESS: timedelta(days=11), SELF_PICKUP: timedelta(days=3)}
"""When the money should have been let go by itself: a day after the platform's own term."""


@dataclass(frozen=True)
class Plan:
    """One upload, and what it will mean if it is taken."""

    upload: ShippingUpload
    pairs: tuple[rules.Pair, ...]
    correction: bool


class NoCarrier(Exception):
    """A parcel's carrier is not on the platform's list."""


def push_due() -> int:
    """Tell the platform of payments that are due; answers how many were tried."""
    if not gateway.configured():
        return 0
    due = ShippingInfo.objects.filter(state="waiting", next_try_at__lte=now())
    started, tried = time.monotonic(), 0
    for info_id in list(due.order_by("next_try_at").values_list("id", flat=True)[:BATCH]):
        if time.monotonic() - started > ROUND_SECONDS:
            break
        moment = now()
        mine = ShippingInfo.objects.filter(id=info_id, state="waiting", next_try_at__lte=moment)
        if mine.update(next_try_at=moment + LEASE):
            push(info_id)
            tried += 1
    return tried


def push(info_id: int) -> None:
    """One try for one payment. Every outcome is written down; only a fault of ours is raised."""
    try:
        if not facts.managed():
            retrying(lambda: _exempt(info_id))
            return
        carriers, openid = facts.carriers(), _openid(info_id)
        plan = retrying(lambda: _plan(info_id, carriers, openid))
    except NoCarrier:
        retrying(lambda: _trouble(info_id, "no_carrier", "carrier_unknown", ""))
        return
    except GatewayError as error:
        _failed(info_id, error, None)
        return
    if plan is None:
        return
    try:
        gateway.client().upload(plan.upload)
    except GatewayError as error:
        _failed(info_id, error, plan)
        return
    retrying(lambda: _accepted(info_id, plan))


def _openid(info_id: int) -> str:
    info = ShippingInfo.objects.select_related("attempt").get(id=info_id)
    # A payment by code names its payer only at the platform.
    return info.attempt.payer_openid or gateway.client().get_order(info.transaction_id).openid


def _exempt(info_id: int) -> None:
    info, _ = flow.locked(info_id)
    if SHIPPING.allows(info.state, "exempt"):
        flow.move(info, "exempt", problem="", next_try_at=None, waiting_since=None)


def _plan(info_id: int, carriers: Mapping[str, str], openid: str) -> Plan | None:
    info, order = flow.locked(info_id)
    flow.refresh_locked(info, order)
    if info.state != "waiting":
        return None
    parcels = flow.live_parcels(order)
    known, wanted = flow.known_of(info), flow.wanted_of(info, order, parcels)
    pickup = order.delivery_method == "pickup"
    upload = ShippingUpload(
        transaction_id=info.transaction_id,
        openid=openid,
        logistics_type=SELF_PICKUP if pickup else EXPRESS,
        delivery_mode=rules.mode_of(known, wanted),
        parcels=(_goods(order),) if pickup else _parcels(order, parcels, wanted, carriers),
        upload_time=rules.next_upload_time(now(), info.upload_time),
        all_delivered=wanted.complete,
    )
    # Kept before it is sent: the next must be later, even if nobody hears the answer to this one.
    flow.write(info, upload_time=upload.upload_time, tries=info.tries + 1, next_try_at=now() + LEASE)
    return Plan(upload, wanted.pairs, known.complete)


def _goods(order: Order) -> ParcelInfo:
    lines = OrderLine.objects.filter(order_id=order.id).order_by("position", "id")
    return ParcelInfo(rules.goods_text([_line_text(line, line.quantity) for line in lines]))


def _line_text(line: OrderLine, units: int) -> str:
    return f"{line.title} {line.sku_name}".strip() + f"*{units}"


def _parcels(
    order: Order, parcels: list[Shipment], wanted: rules.Wanted, carriers: Mapping[str, str]
) -> tuple[ParcelInfo, ...]:
    contact = rules.masked_contact(phone_of(order.phone_sealed))
    found: dict[rules.Pair, ParcelInfo] = {}
    for parcel in parcels:
        pair = flow.pair_of(parcel)
        if pair in found or pair not in wanted.pairs:
            continue
        company = rules.delivery_id(parcel.carrier, parcel.carrier_name, carriers)
        if company is None:
            raise NoCarrier
        titles = [_line_text(line.order_line, line.quantity) for line in parcel.lines.all()]
        found[pair] = ParcelInfo(rules.goods_text(titles), parcel.tracking_no, company, contact)
    return tuple(found.values())


def _accepted(info_id: int, plan: Plan) -> None:
    info, order = flow.locked(info_id)
    moment, upload = now(), plan.upload
    fields: dict[str, Any] = {
        "uploaded": [list(pair) for pair in plan.pairs],
        "mode": upload.delivery_mode,
        "complete": upload.all_delivered or info.complete,
        "chance_used": info.chance_used or plan.correction,
        "uploaded_at": moment,
        "problem": "",
        "provider_code": "",
        "tries": 0,
        "next_try_at": None,
        "waiting_since": None,
    }
    if upload.all_delivered:
        fields["next_ask_at"] = moment + ASK_AFTER[upload.logistics_type]
    event = "accept_again" if fields["chance_used"] else "accept" if fields["complete"] else "accept_part"
    if SHIPPING.allows(info.state, event):
        flow.move(info, event, **fields)
    else:
        flow.write(info, **fields)
    # A parcel may have been corrected while the platform was told.
    flow.refresh_locked(info, order)


def _failed(info_id: int, error: GatewayError, plan: Plan | None) -> None:
    code = getattr(error, "provider_code", "")
    log.info("shipping information %s: %s", info_id, error)
    if isinstance(error, ShippingRefused):
        retrying(lambda: _refused(info_id, error, plan))
    elif isinstance(error, GatewayInvalid):
        retrying(lambda: _trouble(info_id, "refuse", "invalid", ""))
    elif isinstance(error, WeChatShutsUsOut) or (
        isinstance(error, GatewayRefused) and not isinstance(error, GatewayThrottled)
    ):
        # No permission, an address that isn't allowed, a wrong secret: mended by the operator, so it is tried on.
        retrying(lambda: _later(info_id, rules.LATER_PAUSE / 4, "platform", code))
    else:
        retrying(lambda: _later(info_id, None, "slow", code))


def _later(info_id: int, pause: float | None, problem: str, code: str) -> None:
    info, _ = flow.locked(info_id)
    if info.state != "waiting":
        return
    tries = max(info.tries, 1)
    seconds = rules.busy_pause(tries) if pause is None else pause
    # Tries are counted where a plan was made; a silence before that counts as well.
    flow.write(
        info,
        tries=min(tries + (0 if info.upload_time else 1), 30_000),
        problem=problem,
        provider_code=code[:12],
        next_try_at=now() + timedelta(seconds=seconds),
    )


def _refused(info_id: int, refusal: ShippingRefused, plan: Plan | None) -> None:
    info, _ = flow.locked(info_id)
    if info.state != "waiting":
        return
    code = refusal.provider_code
    match refusal.kind:
        case "not_visible":
            _not_visible(info, code)
        case "upload_time":
            # Told by another clock before us: the platform's own is the one that counts.
            ahead = rules.next_upload_time(now() + timedelta(seconds=1), info.upload_time)
            flow.write(info, upload_time=ahead)
            _later(info_id, rules.busy_pause(info.tries), "slow", code)
        case "chance_used":
            flow.move(info, "accept_again", complete=True, chance_used=True, **_over("chance_used", code))
            _tell(info, "chance_used")
        case "finished":
            _finished(info, plan, code)
        case "not_shippable" | "openid":
            _trouble(info_id, "refuse", refusal.kind, code)
        case _:
            _trouble(info_id, "refuse", "invalid", code)


def _over(problem: str, code: str) -> dict[str, Any]:
    return {"problem": problem, "provider_code": code[:12], "next_try_at": None, "waiting_since": None}


def _not_visible(info: ShippingInfo, code: str) -> None:
    moment = now()
    pause = rules.not_visible_pause(info.tries, info.waiting_since or info.created_at, moment)
    if pause is None and info.attempt.trade_type != "JSAPI":
        # Paid by code or from a browser: the desk of the mini-program never hears of some of these.
        flow.move(info, "exempt", **_over("", code))
        return
    if pause is None:
        _trouble(info.id, "refuse", "not_visible", code)
        return
    due = moment + timedelta(seconds=pause)
    flow.write(info, problem="indexing", provider_code=code[:12], next_try_at=due)


def _finished(info: ShippingInfo, plan: Plan | None, code: str) -> None:
    """The buyer has confirmed: what the platform has stands."""
    ask = {"next_ask_at": now(), "complete": True}
    if info.uploaded or plan is None:
        event = "accept_again" if info.chance_used else "accept"
        flow.move(info, event, **ask, **_over("finished", code))
        _tell(info, "finished")
    else:
        pairs = [list(pair) for pair in plan.pairs]
        flow.move(info, "accept", **ask, **_over("", code), uploaded=pairs, uploaded_at=now())


def _trouble(info_id: int, event: str, problem: str, code: str) -> None:
    info, _ = flow.locked(info_id)
    if SHIPPING.allows(info.state, event):
        flow.move(info, event, **_over(problem, code))
        _tell(info, problem)


def _tell(info: ShippingInfo, problem: str) -> None:
    flow.tell(info, Order.objects.select_related("store__leader").get(id=info.order_id), problem)
