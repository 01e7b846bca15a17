"""The sharing side of a partner account's client."""

from __future__ import annotations

from yantuan.gateways.wechatpay import SharingClient, SharingGateway, WeChatPayClient
from yantuan.gateways.wechatpay.ecommerce import EcommerceSharingClient
from yantuan.kernel.config import config
from yantuan.merchants import keys
from yantuan.payments import gateway


def sharing_of(account_id: int) -> SharingGateway:
    """What shares for one sub-merchant. Raises AppError `merchant_account_unusable` where the partner is not configured."""
    client = gateway.client_for(account_id)
    if not isinstance(client, WeChatPayClient):
        raise keys.unusable()
    cfg = config()
    if cfg.wechatpay_sp_kind == "platform":
        return EcommerceSharingClient(client, appid=keys.partner_appid(cfg))
    return SharingClient(client, appid=keys.partner_appid(cfg))
