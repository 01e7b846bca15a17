"""Who may receive shared money: receivers as merchants add and delete them."""

from typing import Any

from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Account, Merchant, registered_name
from yantuan.simulator.parties import check_appid, check_openid, sub_account, sub_of
from yantuan.simulator.sealing import opened
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

MAX_RECEIVERS = 20_000


def sharer(world: World, merchant: Merchant, sub_mchid: str | None, location: str = "body") -> Account:
    """The account a sharing call speaks for. Raises PayError NO_AUTH unless it may share."""
    account = sub_account(world, merchant, sub_mchid, location)
    allowed = sub_of(world, account)["sharing_allowed"] if account.sub_mchid else merchant.sharing
    if not allowed:
        raise PayError(403, "NO_AUTH", "商户没有分账权限")
    return account


def check_apps(world: World, merchant: Merchant, account: Account, body: dict[str, Any]) -> None:
    check_appid(world, merchant, body["appid"])
    sub_appid = body.get("sub_appid", "")
    if sub_appid and (not account.sub_mchid or sub_of(world, account)["sub_appid"] != sub_appid):
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "sub_appid 和 sub_mchid 不匹配")


def add(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, Any]:
    """Add or update a receiver; raises PayError when its name, number or openid does not hold."""
    account = sharer(world, call.merchant, body.get("sub_mchid"))
    check_apps(world, call.merchant, account, body)
    name = opened(world, call, "/name", body["name"]) if "name" in body else ""
    check_person(world, body, "")
    if body["type"] == "MERCHANT_ID":
        check_merchant(world, account, body["account"], name)
    if (body["relation_type"] == "CUSTOM") != ("custom_relation" in body):
        raise bad_parameter("/custom_relation", "relation_type 为 CUSTOM 时必填，否则不填")
    count = world.db.number("SELECT count(*) FROM share_receivers WHERE mchid = ?", account.mchid)
    if count >= MAX_RECEIVERS and find(world, account, body["type"], body["account"]) is None:
        raise invalid_request("分账接收方数量已达上限")
    keep(world, account, body, name)
    return {name: body[name] for name in body if name not in ("appid", "sub_appid")}


def keep(world: World, account: Account, body: dict[str, Any], name: str) -> None:
    """Store a receiver in place of the same one of before."""
    world.db.run("DELETE FROM share_receivers WHERE mchid = ? AND sub_mchid = ? AND type = ? AND account = ?",
                 account.mchid, account.sub_mchid, body["type"], body["account"])  # fmt: skip
    world.db.insert(
        "share_receivers",
        mchid=account.mchid,
        sub_mchid=account.sub_mchid,
        type=body["type"],
        account=body["account"],
        appid=body.get("sub_appid", "") if body["type"] == "PERSONAL_SUB_OPENID" else body["appid"],
        name=name,
        relation_type=body["relation_type"],
        custom_relation=body.get("custom_relation", ""),
    )


def check_person(world: World, body: dict[str, Any], path: str) -> None:
    """Whether a personal receiver's openid belongs to the app it must belong to."""
    if body["type"] == "PERSONAL_OPENID":
        check_openid(world, body["account"], body["appid"], f"{path}/account")
    if body["type"] == "PERSONAL_SUB_OPENID":
        if not body.get("sub_appid"):
            raise bad_parameter("/sub_appid", "接收方类型为 PERSONAL_SUB_OPENID 时必填")
        check_openid(world, body["account"], body["sub_appid"], f"{path}/account")


def check_merchant(world: World, account: Account, mchid: str, name: str) -> None:
    """Whether a receiving merchant exists under this full name, and is not the one that shares."""
    if not name:
        raise bad_parameter("/name", "接收方类型为 MERCHANT_ID 时必填")
    if mchid == account.taker:
        raise invalid_request("分账方不能作为自己的分账接收方")
    if registered_name(world.merchants, world.db, mchid) != name:
        raise invalid_request("商户号不存在，或与商户全称不一致")


def delete(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, Any]:
    """Forget a receiver; one that is not there is fine."""
    account = sharer(world, call.merchant, body.get("sub_mchid"))
    check_apps(world, call.merchant, account, body)
    world.db.run("DELETE FROM share_receivers WHERE mchid = ? AND sub_mchid = ? AND type = ? AND account = ?",
                 account.mchid, account.sub_mchid, body["type"], body["account"])  # fmt: skip
    return {name: body[name] for name in ("sub_mchid", "type", "account") if name in body}


def find(world: World, account: Account, kind: str, number: str) -> Row | None:
    """The account's receiver, or its platform's, whose receivers belong to no one sub-merchant."""
    return world.db.row(
        "SELECT * FROM share_receivers WHERE mchid = ? AND sub_mchid IN ('', ?) AND type = ? AND account = ?",
        account.mchid,
        account.sub_mchid,
        kind,
        number,
    )
