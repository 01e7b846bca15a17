"""The part of the control API about merchants, their sub-merchants, and onboarding."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator.control import endpoint
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.merchants import add_sub, checked_kind, find_sub
from yantuan.simulator.world import World

_MERCHANT_CHANGES = {
    "bound": bool, "sharing": bool, "share_notify_url": str, "ecommerce": bool, "standing": str,
}  # fmt: skip
_SUB_CHANGES = {
    "refund_allowed": bool, "sharing_allowed": bool, "returns_allowed": bool, "active": bool, "max_ratio": int,
    "sub_appid": str, "name": str, "short_name": str,
}  # fmt: skip


def _text(body: dict[str, Any], name: str, default: str) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise ControlError("field_invalid", f"{name} 必须是非空字符串", f"{name} must be a non-empty text")
    return value


def _changes(body: dict[str, Any], known: dict[str, type]) -> dict[str, Any]:
    for name, value in body.items():
        if name not in known or type(value) is not known[name]:
            raise ControlError("field_invalid", f"{name} 不能这样设置", f"{name} can't be set like this")
    return body


async def _merchants(world: World, request: Request, body: dict[str, Any]) -> Any:
    """All merchants; POST makes another one (`provider: true` makes or answers the demo's partner)."""
    if request.method == "GET":
        return {"merchants": [merchant.shown() for merchant in world.merchants.all()]}
    if body.get("provider") is True:
        return world.merchants.provider().shown()
    kind = checked_kind(_text(body, "kind", "direct"))
    return world.merchants.add(kind, _text(body, "name", "雁团演示分店")).shown()


async def _merchant(world: World, request: Request, body: dict[str, Any]) -> Any:
    mchid = request.path_params["mchid"]
    if request.method == "POST":
        world.merchants.change(mchid, **_changes(body, _MERCHANT_CHANGES))
    return world.merchants.get(mchid).shown()


async def _subs(world: World, request: Request, body: dict[str, Any]) -> Any:
    """All sub-merchants; POST makes one that is already signed up, under the partner named or the demo's."""
    if request.method == "GET":
        rows = world.db.rows("SELECT * FROM sub_merchants ORDER BY created_at, sub_mchid")
        return {"sub_merchants": [_shown(row) for row in rows]}
    sp_mchid = body.get("sp_mchid") or world.merchants.provider().mchid
    name = _text(body, "name", "杭州阿禾果业有限公司")
    made = add_sub(
        world.db,
        sp_mchid=world.merchants.get(sp_mchid).mchid,
        name=name,
        short_name=_text(body, "short_name", name),
        at=world.clock.now(),
        sub_appid=str(body.get("sub_appid") or ""),
    )
    return _shown(made)


async def _sub(world: World, request: Request, body: dict[str, Any]) -> Any:
    sub_mchid = request.path_params["sub_mchid"]
    if find_sub(world.db, sub_mchid) is None:
        raise ControlError("sub_merchant_unknown", "没有这个特约商户", "There is no such sub-merchant", 404)
    for name, value in _changes(body, _SUB_CHANGES).items():
        world.db.run(f"UPDATE sub_merchants SET {name} = ? WHERE sub_mchid = ?", value, sub_mchid)
    found = find_sub(world.db, sub_mchid)
    return _shown(found) if found is not None else {}


def _shown(row: Row) -> dict[str, Any]:
    flags = ("refund_allowed", "sharing_allowed", "returns_allowed", "active")
    return {**dict(row), **{name: bool(row[name]) for name in flags}}


def routes() -> list[Route]:
    return [
        Route("/_sim/merchants", endpoint(_merchants), methods=["GET", "POST"]),
        Route("/_sim/merchants/{mchid}", endpoint(_merchant), methods=["GET", "POST"]),
        Route("/_sim/sub_merchants", endpoint(_subs), methods=["GET", "POST"]),
        Route("/_sim/sub_merchants/{sub_mchid}", endpoint(_sub), methods=["GET", "POST"]),
    ]
