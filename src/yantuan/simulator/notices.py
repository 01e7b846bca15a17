"""Payment and refund notices: written with the money, rendered freshly for every delivery.

A notice keeps its id through all deliveries; each rendering has its own nonce, timestamp and signature. The
faults ordered for it are taken when it is written and kept with it as `flaws`.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from yantuan.simulator import crypto
from yantuan.simulator.clock import china_time, rfc3339
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.faults import KINDS
from yantuan.simulator.signing import signature_headers
from yantuan.simulator.world import World

FOREIGN_MCHID = "1900000999"
FOREIGN_SUB_MCHID = "1900009999"
FOREIGN_APPID = "wx00000000000000ff"
MISFIT_KINDS = (
    "notice_duplicate", "notice_parallel", "notice_none", "notice_delayed", "notice_bad_signature",
    "notice_unsigned", "notice_signtest", "notice_wrong_serial", "notice_old_timestamp",
    "notice_bad_ciphertext", "notice_wrong_amount", "notice_wrong_currency", "notice_foreign_mchid",
    "notice_foreign_appid", "notice_foreign_sub_mchid", "notice_unknown_order", "notice_trade_state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flaw:
    kind: str
    seconds: float
    value: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice ready to be posted: `body` must be sent byte for byte as it is."""

    url: str
    headers: dict[str, str]
    body: str


def write(
    world: World,
    *,
    event_type: str,
    original_type: str,
    summary: str,
    url: str,
    resource: dict[str, Any],
    mchid: str,
    out_trade_no: str,
    out_refund_no: str | None = None,
) -> str:
    """Store a notice in the caller's transaction; returns its id (`EV-` and 19 digits).

    `mchid` is the merchant it goes to, under whose APIv3 key it is sealed.
    """
    now = world.clock.now()
    flaws = _take_flaws(world, original_type, out_trade_no)
    state, delay = _plan(world, {flaw["kind"]: flaw for flaw in flaws})
    day = china_time(now).strftime("%Y%m%d%H%M%S")
    notice_id = f"EV-{day}{world.db.next_number('notice'):05d}"
    world.db.insert(
        "notices",
        id=notice_id,
        event_type=event_type,
        original_type=original_type,
        summary=summary,
        mchid=mchid,
        out_trade_no=out_trade_no,
        out_refund_no=out_refund_no,
        url=url,
        resource=json.dumps(resource, ensure_ascii=False, separators=(",", ":")),
        flaws=json.dumps(flaws, ensure_ascii=False),
        created_at=now,
        next_at=now + delay,
        state=state,
    )
    world.wake.set()
    return notice_id


def _plan(world: World, kinds: dict[str, dict[str, Any]]) -> tuple[str, float]:
    """The state a new notice begins in, and how many seconds it is kept back."""
    if "notice_none" in kinds:
        return "suppressed", 0.0
    delay = kinds["notice_delayed"]["seconds"] if "notice_delayed" in kinds else 0.0
    return ("held" if world.settings.notice_mode == "hold" else "waiting"), delay


def _take_flaws(world: World, original_type: str, out_trade_no: str) -> list[dict[str, Any]]:
    flaws = []
    for kind in MISFIT_KINDS:
        fault = world.faults.take(kind, out_trade_no, original_type)
        if fault is not None:
            flaws.append({"kind": fault.kind, "seconds": fault.seconds, "value": fault.value})
    return flaws


def get(world: World, notice_id: str) -> Row:
    """The notice; raises ControlError when there is none."""
    found = world.db.row("SELECT * FROM notices WHERE id = ?", notice_id)
    if found is None:
        raise ControlError("notice_unknown", "没有这条通知", "There is no such notice", 404)
    return found


def flaws_of(notice: Row) -> dict[str, Flaw]:
    """The flaws that bite at the next delivery: a probe is only the first one."""
    flaws = {entry["kind"]: Flaw(**entry) for entry in json.loads(notice["flaws"])}
    if notice["attempts"] > 0:
        flaws.pop("notice_signtest", None)
    return flaws


def flaws_from(kinds: list[str]) -> dict[str, Flaw]:
    """Flaws by name with their usual values; raises ControlError for an unknown name."""
    for kind in kinds:
        if kind not in MISFIT_KINDS:
            raise ControlError(
                "fault_unknown", "没有这种通知故障", "There is no such notice fault", 400,
                {"kinds": list(MISFIT_KINDS)},
            )  # fmt: skip
    return {k: Flaw(k, float(KINDS[k].seconds or 0), str(KINDS[k].value or "")) for k in kinds}


def render(world: World, notice: Row, flaws: dict[str, Flaw] | None = None) -> Rendered:
    """Encrypt and sign the notice now. `flaws` replaces the notice's own ones."""
    bitten = flaws_of(notice) if flaws is None else flaws
    body = _body(world, notice, bitten)
    age = bitten["notice_old_timestamp"].seconds if "notice_old_timestamp" in bitten else 0.0
    headers = signature_headers(
        world,
        body.encode(),
        moment=world.clock.now() - age,
        bad="notice_bad_signature" in bitten,
        probe="notice_signtest" in bitten,
        unknown_serial="notice_wrong_serial" in bitten,
    )
    if "notice_unsigned" in bitten:
        headers = {}
    headers["Content-Type"] = "application/json"
    headers["Accept"] = "*/*"
    headers["User-Agent"] = "Mozilla/4.0"
    return Rendered(notice["url"], headers, body)


def _body(world: World, notice: Row, flaws: dict[str, Flaw]) -> str:
    resource = _bent(json.loads(notice["resource"]), flaws)
    nonce = secrets.token_hex(6)
    associated = notice["original_type"]
    key = world.merchants.get(notice["mchid"]).apiv3_key
    if "notice_bad_ciphertext" in flaws:
        key = key[::-1]
    plaintext = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
    envelope = {
        "id": notice["id"],
        "create_time": rfc3339(notice["created_at"]),
        "resource_type": "encrypt-resource",
        "event_type": notice["event_type"],
        "summary": notice["summary"],
        "resource": {
            "original_type": associated,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": crypto.seal(key, nonce, associated, plaintext),
            "associated_data": associated,
            "nonce": nonce,
        },
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))


def _bent(resource: dict[str, Any], flaws: dict[str, Flaw]) -> dict[str, Any]:
    amount = resource.get("amount", {})
    partner = "sp_" if "sp_mchid" in resource else ""
    for kind, flaw in flaws.items():
        match kind:
            case "notice_wrong_amount":
                for name in ("total", "payer_total", "refund", "payer_refund"):
                    if name in amount:
                        amount[name] += int(flaw.value)
            case "notice_wrong_currency":
                amount.update(currency=flaw.value, payer_currency=flaw.value)
            case "notice_foreign_mchid":
                resource[f"{partner}mchid"] = FOREIGN_MCHID
            case "notice_foreign_sub_mchid":
                resource["sub_mchid"] = FOREIGN_SUB_MCHID
            case "notice_foreign_appid":
                resource[f"{partner}appid"] = FOREIGN_APPID
            case "notice_unknown_order":
                resource["out_trade_no"] = "NOSUCH" + resource["out_trade_no"][-20:]
            case "notice_trade_state":
                resource["refund_status" if "refund_status" in resource else "trade_state"] = flaw.value
    return resource
