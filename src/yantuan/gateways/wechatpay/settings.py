"""What a WeChat Pay client must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WeChatPaySettings:
    """One merchant account.

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

    def __post_init__(self) -> None:
        if not self.apiv3_keys or any(len(key) != 32 for key in self.apiv3_keys):
            raise ValueError("the APIv3 key must have exactly 32 bytes")
        if not self.public_keys and not self.download_certificates:
            raise ValueError("either a platform public key or certificate mode is needed")
