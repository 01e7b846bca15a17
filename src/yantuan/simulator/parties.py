"""Whose order it is: the parties a prepay names, judged as WeChat Pay judges them."""

from dataclasses import dataclass
from typing import Any

from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Account, Merchant, find_sub
from yantuan.simulator.world import World

NO_RELATION_CODE = 268443701
SUB_MISSING_CODE = 268443704
SUB_IS_SELF_CODE = 268443705
OTHER_MCHID_CODE = 268447843
OTHER_SUB_CODE = 268447845


@dataclass(frozen=True, slots=True)
class Terms:
    """The parties of one prepay. `pay_appid` is the app whose `openid` pays; `openid` is empty outside WeChat."""

    account: Account
    appid: str
    sub_appid: str
    pay_appid: str
    openid: str
    sharing: bool


def direct_terms(world: World, merchant: Merchant, body: dict[str, Any]) -> Terms:
    """Of a direct merchant's prepay. Raises PayError."""
    check_mchid(merchant, body["mchid"])
    check_kind(merchant, "direct")
    check_appid(world, merchant, body["appid"])
    openid = body.get("payer", {}).get("openid", "")
    if openid:
        check_openid(world, openid, body["appid"], "/payer/openid")
    sharing = _wants_sharing(body, merchant.sharing)
    return Terms(Account(merchant.mchid), body["appid"], "", body["appid"], openid, sharing)


def partner_terms(world: World, merchant: Merchant, body: dict[str, Any]) -> Terms:
    """Of a partner's prepay. Raises PayError."""
    check_kind(merchant, "provider")
    account = partner_account(world, merchant, body["sp_mchid"], body["sub_mchid"])
    sub = sub_of(world, account)
    check_appid(world, merchant, body["sp_appid"])
    sub_appid = body.get("sub_appid", "")
    if sub_appid and sub_appid != sub["sub_appid"]:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "sub_appid 和 sub_mchid 不匹配")
    payer = body.get("payer", {})
    openid, pay_appid = payer.get("sp_openid", ""), body["sp_appid"]
    if "payer" in body and bool(payer.get("sp_openid")) == bool(payer.get("sub_openid")):
        raise bad_parameter("/payer", "sp_openid 与 sub_openid 必须且只能填其一")
    if payer.get("sub_openid"):
        if not sub_appid:
            raise bad_parameter("/sub_appid", "传 sub_openid 时 sub_appid 必填")
        openid, pay_appid = payer["sub_openid"], sub_appid
    if openid:
        name = "sub_openid" if payer.get("sub_openid") else "sp_openid"
        check_openid(world, openid, pay_appid, f"/payer/{name}")
    sharing = _wants_sharing(body, bool(sub["sharing_allowed"]))
    return Terms(account, body["sp_appid"], sub_appid, pay_appid, openid, sharing)


def partner_account(
    world: World, merchant: Merchant, sp_mchid: str, sub_mchid: str, location: str = "body"
) -> Account:
    """The account a partner speaks for. Raises PayError for foreign numbers and missing relations."""
    if sp_mchid != merchant.mchid:
        raise bad_parameter("/sp_mchid", "与签名商户号不一致", sp_mchid, location, OTHER_MCHID_CODE)
    return sub_account(world, merchant, sub_mchid, location)


def sub_account(world: World, merchant: Merchant, sub_mchid: str | None, location: str = "body") -> Account:
    """The account a call speaks for: a partner must name a sub-merchant of its own, a direct merchant none."""
    if merchant.kind == "direct":
        if sub_mchid:
            raise bad_parameter("/sub_mchid", "直连商户不能填写", sub_mchid, location)
        return Account(merchant.mchid)
    if not sub_mchid:
        raise bad_parameter("/sub_mchid", "必填字段缺失", None, location, SUB_MISSING_CODE)
    if sub_mchid == merchant.mchid:
        raise bad_parameter("/sub_mchid", "不能与服务商商户号相同", sub_mchid, location, SUB_IS_SELF_CODE)
    sub = find_sub(world.db, sub_mchid)
    if sub is None:
        raise PayError(400, "MCH_NOT_EXISTS", "特约商户号不存在")
    if sub["sp_mchid"] != merchant.mchid or not sub["active"]:
        raise PayError(403, "NO_AUTH", "服务商与特约商户没有受理关系", detail_code=NO_RELATION_CODE)
    return Account(merchant.mchid, sub_mchid)


def sub_of(world: World, account: Account) -> Row:
    found = find_sub(world.db, account.sub_mchid)
    if found is None:
        raise PayError(400, "MCH_NOT_EXISTS", "特约商户号不存在")
    return found


def check_mchid(merchant: Merchant, mchid: str) -> None:
    if mchid != merchant.mchid:
        raise bad_parameter("/mchid", "与签名商户号不一致", mchid, detail_code=OTHER_MCHID_CODE)


def check_kind(merchant: Merchant, kind: str) -> None:
    """A partner has no product of its own to be paid for, a direct merchant no sub-merchants."""
    if merchant.kind != kind:
        raise PayError(403, "NO_AUTH", "商户号没有此接口的权限")


def check_appid(world: World, merchant: Merchant, appid: str) -> None:
    apps = (world.credentials.mini_appid, world.credentials.oa_appid)
    if appid not in apps or not merchant.bound:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配")
    if merchant.standing == "restricted":
        raise PayError(403, "NO_AUTH", "商户号收款功能受限，请登录商户平台查看")


def check_openid(world: World, openid: str, appid: str, path: str) -> None:
    if world.person_of(openid, appid) is None:
        raise bad_parameter(path, "openid 与 appid 不匹配", openid)


def _wants_sharing(body: dict[str, Any], allowed: bool) -> bool:
    wanted = bool(body.get("settle_info", {}).get("profit_sharing"))
    if wanted and not allowed:
        raise invalid_request("商户没有分账权限，不能下分账订单")
    return wanted
