"""What a WeChat Pay client must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SubMerchant:
    """Whose money a partner (服务商) asks for: `sub_mchid`, and their own app if they have one.

    `sp_appid` is the partner's app; it must be told when orders may be paid inside `sub_appid`, because such an
    order names both. `ecommerce` says that the partner is a platform of 收付通, whose refunds go another way and must
    name `sp_appid` too.
    """

    sub_mchid: str
    sub_appid: str = ""
    sp_appid: str = ""
    ecommerce: bool = False

    def __post_init__(self) -> None:
        if not self.sub_mchid:
            raise ValueError("a sub-merchant needs a number")
        if self.sub_appid and not self.sp_appid:
            raise ValueError("an order inside the sub-merchant's app needs the partner's app too")
        if self.ecommerce and not self.sp_appid:
            raise ValueError("a platform's refunds name the platform's app")


@dataclass(frozen=True, slots=True)
class WeChatPaySettings:
    """One merchant account.

    With `sub_mchid` it is a partner's (服务商): `mchid` is then the sp_mchid, key and serial are the partner's,
    and money goes to the sub-merchant. `sub_appid`, `sp_appid` and `ecommerce` are as in `SubMerchant`.

    `public_keys` maps `PUB_KEY_ID_…` to PEM bytes (public-key mode; during a rotation list the new one
    first and keep the old). Leave it empty for certificate mode; `download_certificates` then must stay
    True. With both, platform keys of either kind are accepted, as they are while the platform switches a
    merchant over. `apiv3_keys` is the 32-byte key, newest first, so that notices sealed just before a
    change still open.
    """

    base_url: str
    mchid: str
    merchant_serial: str
    merchant_key_pem: bytes = field(repr=False)
    apiv3_keys: tuple[bytes, ...] = field(repr=False)
    public_keys: Mapping[str, bytes] = field(default_factory=dict)
    download_certificates: bool = True
    fallback_base_url: str = ""
    key_refresh_interval: timedelta = timedelta(minutes=5)
    sub_mchid: str = ""
    sub_appid: str = ""
    sp_appid: str = ""
    ecommerce: bool = False

    def __post_init__(self) -> None:
        if not self.apiv3_keys or any(len(key) != 32 for key in self.apiv3_keys):
            raise ValueError("the APIv3 key must have exactly 32 bytes")
        if not self.public_keys and not self.download_certificates:
            raise ValueError("either a platform public key or certificate mode is needed")
        if self.sub_mchid == self.mchid:
            raise ValueError("a partner can't be its own sub-merchant")
        if self.sub_appid and not self.sub_mchid:
            raise ValueError("a sub-merchant's app needs the sub-merchant's number")

    @property
    def sub_merchant(self) -> SubMerchant | None:
        """The sub-merchant of partner mode; None for a direct merchant, or a partner speaking for itself."""
        if not self.sub_mchid:
            return None
        return SubMerchant(self.sub_mchid, self.sub_appid, self.sp_appid, self.ecommerce)
