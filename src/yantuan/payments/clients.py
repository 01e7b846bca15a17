"""WeChat Pay clients of the stores' own accounts, one per account and process."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from yantuan.gateways.wechatpay import PayGateway, WeChatPayClient
from yantuan.kernel.config import config
from yantuan.merchants import keys
from yantuan.merchants.models import MerchantAccount

FRESH_SECONDS = 10.0
"""So long a client is used without looking whether its account changed meanwhile, here or in another process."""
MOST = 500
"""Clients one process keeps; of more accounts the longest unused ones are made again when needed."""


@dataclass
class _Kept:
    client: PayGateway
    mark: tuple[int, bool]
    """The account's version, and whether its keys before the last change still count."""
    looked_at: float


class AccountClients:
    """Thread-safe. A change of an account's row reaches every process within `FRESH_SECONDS`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, _Kept] = {}
        self._partner: WeChatPayClient | None = None

    def get(self, account_id: int) -> PayGateway:
        """The client of an account, in use or retired. One look at its row, unless that was done moments ago.

        Raises AppError `merchant_account_unusable` when it can't sign any more.
        """
        found = self.fresh(account_id)
        if found is not None:
            return found
        account = MerchantAccount.objects.filter(id=account_id).first()
        if account is None:
            raise keys.unusable()
        return self._renewed(account)

    def fresh(self, account_id: int) -> PayGateway | None:
        """The client if its account was looked at moments ago; asks nobody."""
        kept = self._kept.get(account_id)
        young = kept is not None and time.monotonic() - kept.looked_at < FRESH_SECONDS
        return kept.client if kept is not None and young else None

    def put(self, account_id: int, client: PayGateway) -> None:
        """Use this client for an account (tests)."""
        self._kept[account_id] = _Kept(client, (0, False), time.monotonic() + 1e9)

    def forget(self) -> None:
        """Drop all clients."""
        with self._lock:
            self._kept.clear()
            if self._partner is not None:
                self._partner.shutdown()
            self._partner = None

    def _renewed(self, account: MerchantAccount) -> PayGateway:
        mark = (account.version, bool(account.old_keys_sealed))
        with self._lock:
            kept = self._kept.pop(account.id, None)
            if kept is None or kept.mark != mark:
                # A client in another thread's hands is not shut: its connections end with its last call.
                kept = _Kept(self._made(account), mark, 0.0)
            kept.looked_at = time.monotonic()
            self._kept[account.id] = kept
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return kept.client

    def _made(self, account: MerchantAccount) -> PayGateway:
        if account.mode != MerchantAccount.Mode.PARTNER:
            return WeChatPayClient(keys.client_settings(account))
        if self._partner is None:
            self._partner = WeChatPayClient(keys.partner_settings(config()))
        # All sub-merchants share the partner's connections and keys.
        return self._partner.for_sub_merchant(keys.sub_merchant(account.sub_mchid))
