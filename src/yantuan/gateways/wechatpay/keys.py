"""The platform's keys by serial.

Configured public keys and downloaded certificates, old and new valid together.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from yantuan.gateways.errors import GatewayError

log = logging.getLogger("yantuan.gateways.wechatpay")

PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
REFRESH_AFTER = timedelta(hours=12)
"""The platform asks merchants to look for new certificates at least this often."""
EMPTY_INTERVAL = timedelta(seconds=10)
"""While no certificate is known nothing can be verified, so the first download is tried more eagerly."""


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A platform certificate as downloaded; valid from `effective` until before `expires`."""

    serial: str
    key: RSAPublicKey
    effective: datetime
    expires: datetime

    def valid_at(self, moment: datetime) -> bool:
        """Whether it may sign at that moment."""
        return self.effective <= moment < self.expires


Download = Callable[[], Sequence[PlatformCertificate]]


class KeyRing:
    """Thread-safe map of serial to key.

    An unknown certificate serial triggers one download per `interval` at most, so that forged serials can't
    make us hammer the platform. Unknown `PUB_KEY_ID_…` serials never do: those keys come from the operator.
    """

    def __init__(
        self,
        public_keys: Mapping[str, RSAPublicKey],
        *,
        download: Download | None,
        now: Callable[[], datetime],
        interval: timedelta = timedelta(minutes=5),
    ) -> None:
        self._public = {serial.upper(): key for serial, key in public_keys.items()}
        self._preferred_public = next(iter(self._public), "")
        self._download = download
        self._now = now
        self._interval = interval
        self._certificates: dict[str, PlatformCertificate] = {}
        self._lock = threading.Lock()
        self._tried_at: datetime | None = None
        self._loaded_at: datetime | None = None

    def known(self, serial: str) -> RSAPublicKey | None:
        """The key now valid under this serial, without asking anybody."""
        serial = serial.upper()
        if serial in self._public:
            return self._public[serial]
        certificate = self._certificates.get(serial)
        return certificate.key if certificate and certificate.valid_at(self._now()) else None

    def could_learn(self, serial: str) -> bool:
        """Whether asking the platform could bring a key for this serial."""
        return self._download is not None and not serial.upper().startswith(PUBLIC_KEY_PREFIX)

    def find(self, serial: str) -> RSAPublicKey | None:
        """The key under this serial; may download certificates once. None if nobody knows it."""
        key = self.known(serial)
        if key is not None or serial.upper().startswith(PUBLIC_KEY_PREFIX) or self._download is None:
            return key
        with self._lock:
            if self.known(serial) is None and self._may_try():
                self._load(self._download)
        return self.known(serial)

    def refresh_if_old(self) -> bool:
        """Download when the certificates are older than 12 hours (for a periodic job).

        True if new ones were loaded.

        Does nothing when only configured public keys are in use.
        """
        if self._download is None or (self._public and not self._certificates):
            return False
        with self._lock:
            old = self._loaded_at is None or self._now() - self._loaded_at >= REFRESH_AFTER
            return old and self._may_try() and self._load(self._download)

    def preferred_serial(self) -> str:
        """The serial to name in requests.

        The first configured public key, else the newest certificate, else empty.
        """
        if self._preferred_public:
            return self._preferred_public
        moment = self._now()
        valid = [c for c in self._certificates.values() if c.valid_at(moment)]
        return max(valid, key=lambda c: c.effective).serial if valid else ""

    def sealing_key(self) -> tuple[str, RSAPublicKey] | None:
        """Serial and key to seal personal fields with; may download certificates once. None if there is none."""
        if not self.preferred_serial() and self._download is not None:
            with self._lock:
                if not self.preferred_serial() and self._may_try():
                    self._load(self._download)
        serial = self.preferred_serial()
        key = self.known(serial) if serial else None
        return (serial, key) if key is not None else None

    def _may_try(self) -> bool:
        wait = self._interval if self._certificates or self._public else min(EMPTY_INTERVAL, self._interval)
        return self._tried_at is None or self._now() - self._tried_at >= wait

    def _load(self, download: Download) -> bool:
        self._tried_at = self._now()
        try:
            fresh = download()
        except GatewayError as error:
            log.warning("platform certificates could not be downloaded: %s", error)
            return False
        moment = self._now()
        kept = {s: c for s, c in self._certificates.items() if c.valid_at(moment)}
        # A new dict is put in place at once, so that readers without the lock see the old or the new map,
        # never half.
        self._certificates = kept | {c.serial.upper(): c for c in fresh}
        self._loaded_at = moment
        return True


class KnownKeys:
    """The keys a ring has now; never asks the platform."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def find(self, serial: str) -> RSAPublicKey | None:
        """The key now valid under this serial, or None."""
        return self._ring.known(serial)
