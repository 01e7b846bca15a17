"""Keys at rest and in use: sealed in the row, opened only to make a client."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from yantuan.gateways.wechatpay import SubMerchant, WeChatPaySettings
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config, config
from yantuan.kernel.errors import AppError
from yantuan.kernel.tokens import keyed_hash, seal, unseal
from yantuan.merchants.models import MerchantAccount

PURPOSE = "merchant keys"
PRODUCTION = "https://api.mch.weixin.qq.com"
FALLBACK = "https://api2.mch.weixin.qq.com"
_TAG = 8


@dataclass(frozen=True)
class Keys:
    """The secrets of a direct account."""

    private_key: str
    apiv3_key: str
    public_key_id: str
    public_key: str

    def __repr__(self) -> str:
        return "Keys(…)"


def seal_keys(keys: Keys) -> str:
    """For the column `keys_sealed`."""
    return seal(PURPOSE, json.dumps(asdict(keys)))


def open_keys(sealed: str) -> Keys:
    """Inverse of `seal_keys`."""
    return Keys(**json.loads(unseal(PURPOSE, sealed)))


def account_code(account_id: int) -> str:
    """The account's name in the addresses WeChat Pay knocks at. Not guessable, so that junk is known without looking it up."""
    return f"{account_id:x}-{keyed_hash('merchant code', str(account_id))[:_TAG]}"


def account_of_code(code: str) -> int | None:
    """The id an address names; None if this instance never made it."""
    head, _, tag = code.partition("-")
    if len(head) > 16 or len(tag) != _TAG or not head.isascii():
        return None
    try:
        account_id = int(head, 16)
    except ValueError:
        return None
    return account_id if account_code(account_id) == code else None


def client_settings(account: MerchantAccount, moment: datetime | None = None) -> WeChatPaySettings:
    """What a client for this account must know; the keys before a change count for notices until their day is over.

    Raises AppError `merchant_account_unusable` when its keys were destroyed or the partner account is not configured.
    """
    if account.mode == MerchantAccount.Mode.PARTNER:
        return partner_settings(
            config(), SubMerchant(sub_mchid=account.sub_mchid, sp_appid=partner_appid(config()))
        )
    if account.mode != MerchantAccount.Mode.DIRECT or not account.keys_sealed:
        raise unusable()
    keys = [open_keys(account.keys_sealed)]
    if account.old_keys_sealed and (account.old_keys_until or now()) > (moment or now()):
        keys.append(open_keys(account.old_keys_sealed))
    return direct_settings(account.mchid, account.merchant_serial, keys)


def direct_settings(mchid: str, serial: str, keys: list[Keys]) -> WeChatPaySettings:
    """For a leader's own merchant number; `keys` newest first, of which only the newest signs."""
    public = {k.public_key_id: k.public_key.encode() for k in keys if k.public_key_id}
    return WeChatPaySettings(
        mchid=mchid,
        merchant_serial=serial,
        merchant_key_pem=keys[0].private_key.encode(),
        apiv3_keys=tuple(dict.fromkeys(k.apiv3_key.encode() for k in keys)),
        public_keys=public,
        **_addresses(config()),
    )


def operator_settings(cfg: Config) -> WeChatPaySettings:
    """For the operator's own merchant account. During a key change `wechatpay_public_key_id`, its path and the APIv3
    key may each list several, newest first, parted by commas. Raises AppError `wechatpay_not_configured`."""
    if not cfg.has_wechatpay:
        raise not_configured()
    return WeChatPaySettings(**_configured(cfg, "wechatpay"), **_addresses(cfg))


def partner_settings(cfg: Config, sub: SubMerchant | None = None) -> WeChatPaySettings:
    """For the operator's partner account, speaking for `sub`. Raises AppError `merchant_account_unusable`."""
    if not cfg.has_partner:
        raise unusable()
    more: dict[str, Any] = (
        {
            "sub_mchid": sub.sub_mchid,
            "sub_appid": sub.sub_appid,
            "sp_appid": sub.sp_appid,
            "ecommerce": cfg.wechatpay_sp_kind == "platform",
        }
        if sub
        else {}
    )
    return WeChatPaySettings(**_configured(cfg, "wechatpay_sp"), **_addresses(cfg), **more)


def sub_merchant(sub_mchid: str) -> SubMerchant:
    """Somebody the operator's partner account speaks for; a platform of 收付通 names its app in every refund."""
    cfg = config()
    if cfg.wechatpay_sp_kind == "platform":
        return SubMerchant(sub_mchid, sp_appid=partner_appid(cfg), ecommerce=True)
    return SubMerchant(sub_mchid)


def partner_appid(cfg: Config) -> str:
    """The app the partner account is bound to."""
    return cfg.wechatpay_sp_appid or cfg.wechat_oa_appid or cfg.wechat_mini_appid


def _configured(cfg: Config, prefix: str) -> dict[str, Any]:
    def told(name: str) -> str:
        return str(getattr(cfg, f"{prefix}_{name}"))

    public = {}
    if told("mode") == "public_key":
        ids, paths = _listed(told("public_key_id")), _listed(told("public_key_path"))
        public = {key_id: Path(path).read_bytes() for key_id, path in zip(ids, paths, strict=True)}
    return {
        "mchid": told("mchid"),
        "merchant_serial": told("merchant_serial"),
        "merchant_key_pem": Path(told("merchant_key_path")).read_bytes(),
        "apiv3_keys": tuple(key.encode() for key in _listed(told("apiv3_key"))),
        "public_keys": public,
    }


def _addresses(cfg: Config) -> dict[str, Any]:
    base = cfg.wechatpay_base_url.rstrip("/")
    return {"base_url": base, "fallback_base_url": FALLBACK if base == PRODUCTION else ""}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def not_configured() -> AppError:
    """The refusal where nobody's account can take the money."""
    return AppError(
        "wechatpay_not_configured",
        "微信支付还没有配置好，请联系团长",
        "WeChat Pay is not configured on this instance.",
        status=503,
    )


def unusable() -> AppError:
    """The refusal where an account exists but can no longer sign."""
    return AppError(
        "merchant_account_unusable",
        "这个收款账户的密钥已停用，请联系平台",
        "The keys of this merchant account are gone.",
        status=503,
    )
