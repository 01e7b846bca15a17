"""Everything the two sides must agree on, made once per folder: keys, numbers, secrets.

A merchant gets these from WeChat's consoles; here they are made on the first start and kept in files that only
the owner can read. `Credentials.product_env` is what an operator would type into the product's configuration.
"""

import base64
import fcntl
import hashlib
import json
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from yantuan.simulator.files import OWNER_ONLY, write_secret
from yantuan.simulator.keyring import KeyRing
from yantuan.simulator.keys import certificate_pem, new_certified_key, private_pem

MCHID = "1900000109"
MERCHANT_NAME = "雁团演示商户"
INDEX = "credentials.json"
SMS_SIGN_NAME = "雁团"
SMTP_FROM = "雁团 <notice@yantuan.example>"
_ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Credentials:
    """One merchant, one mini-program, one official account, one SMS account, one WeCom robot.

    `apiv3_key` is 32 characters; `push_aes_key` is WeChat's EncodingAESKey of 43 characters.
    """

    folder: Path
    mchid: str
    merchant_serial: str
    apiv3_key: str
    mini_appid: str
    mini_secret: str
    oa_appid: str
    oa_secret: str
    push_token: str
    push_aes_key: str
    template_new_order: str
    sms_access_key_id: str
    sms_access_key_secret: str
    sms_sign_name: str
    sms_template_code: str
    wecom_robot_key: str

    @property
    def merchant_key_path(self) -> Path:
        return self.folder / "merchant_key.pem"

    @property
    def merchant_cert_path(self) -> Path:
        return self.folder / "merchant_cert.pem"

    @property
    def kuaidi100_customer(self) -> str:
        return self._derived("kuaidi100.customer").upper()

    @property
    def kuaidi100_key(self) -> str:
        return self._derived("kuaidi100.key")

    @property
    def kdniao_business_id(self) -> str:
        return str(int(self._derived("kdniao.id")[:6], 16) + 1_000_000)

    @property
    def kdniao_app_key(self) -> str:
        return self._derived("kdniao.key")

    def _derived(self, what: str) -> str:
        """A secret that follows from those kept in the folder, so that folders made before it was needed have it too."""
        return hashlib.sha256(f"{self.apiv3_key}/{what}".encode()).hexdigest()[:32]

    def product_env(
        self, simulator_url: str, public_url: str, smtp_port: int | None = None
    ) -> dict[str, str]:
        """The product's environment when this simulator stands in for the outside world.

        `simulator_url` is where the simulator answers, `public_url` where the product answers. Mail goes to
        `smtp_port`, by default the simulator's port + 1. The key named is the newest public key.
        """
        base = simulator_url.rstrip("/")
        parts = urlsplit(base)
        key = KeyRing(self.folder).current("public_key")
        mail_port = smtp_port or (parts.port or 80) + 1
        values = {
            "PUBLIC_URL": public_url.rstrip("/"),
            "SIMULATOR_URL": base,
            "CASHIER_URL": f"{base}/cashier",
            **self._pay_env(base, key.key_id, key.public_path),
            **self._wechat_env(base),
            "SMS_BASE_URL": f"{base}/sms",
            "SMS_ACCESS_KEY_ID": self.sms_access_key_id,
            "SMS_ACCESS_KEY_SECRET": self.sms_access_key_secret,
            "SMS_SIGN_NAME": self.sms_sign_name,
            "SMS_TEMPLATE_CODE": self.sms_template_code,
            "WECOM_BASE_URL": base,
            **self._courier_env(base),
            "SMTP_HOST": parts.hostname or "127.0.0.1",
            "SMTP_PORT": str(mail_port),
            "SMTP_FROM": SMTP_FROM,
        }
        return {f"YANTUAN_{name}": value for name, value in values.items()}

    def _pay_env(self, base: str, key_id: str, key_path: Path) -> dict[str, str]:
        return {
            "WECHATPAY_BASE_URL": base,
            "WECHATPAY_MCHID": self.mchid,
            "WECHATPAY_MERCHANT_SERIAL": self.merchant_serial,
            "WECHATPAY_MERCHANT_KEY_PATH": str(self.merchant_key_path.resolve()),
            "WECHATPAY_APIV3_KEY": self.apiv3_key,
            "WECHATPAY_MODE": "public_key",
            "WECHATPAY_PUBLIC_KEY_ID": key_id,
            "WECHATPAY_PUBLIC_KEY_PATH": str(key_path.resolve()),
            # Play money: all leaders of such an instance may share the one merchant.
            "MULTI_LEADER": "no",
        }

    def _courier_env(self, base: str) -> dict[str, str]:
        return {
            "COURIER_DRIVER": "kuaidi100",
            "KUAIDI100_BASE_URL": base,
            "KUAIDI100_CUSTOMER": self.kuaidi100_customer,
            "KUAIDI100_KEY": self.kuaidi100_key,
            "KDNIAO_BASE_URL": base,
            "KDNIAO_BUSINESS_ID": self.kdniao_business_id,
            "KDNIAO_APP_KEY": self.kdniao_app_key,
        }

    def _wechat_env(self, base: str) -> dict[str, str]:
        return {
            "WECHAT_API_BASE_URL": base,
            "WECHAT_OPEN_BASE_URL": base,
            "WECHAT_MINI_APPID": self.mini_appid,
            "WECHAT_MINI_SECRET": self.mini_secret,
            "WECHAT_OA_APPID": self.oa_appid,
            "WECHAT_OA_SECRET": self.oa_secret,
            "WECHAT_TEMPLATE_NEW_ORDER": self.template_new_order,
            "WECHAT_PUSH_TOKEN": self.push_token,
            "WECHAT_PUSH_AES_KEY": self.push_aes_key,
        }


def ensure_credentials(folder: Path) -> Credentials:
    """Make the credentials of `folder` on the first call; load them on every later one.

    Safe when the product and the simulator start at the same moment: the second waits for the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with exclusively(folder):
        KeyRing(folder)
        index = folder / INDEX
        if not index.exists():
            _create(folder)
        stored = json.loads(index.read_bytes())
    names = {field.name for field in fields(Credentials)} - {"folder"}
    return Credentials(folder=folder, **{name: stored[name] for name in names})


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """One process at a time among those that make files in `folder`."""
    lock = folder / ".lock"
    lock.touch(mode=OWNER_ONLY)
    with lock.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _create(folder: Path) -> None:
    merchant = new_certified_key("Merchant " + MCHID, "Yantuan demo shop")
    made = Credentials(
        folder=folder,
        mchid=MCHID,
        merchant_serial=merchant.serial,
        apiv3_key=_text(32),
        mini_appid="wx" + secrets.token_hex(8),
        mini_secret=secrets.token_hex(16),
        oa_appid="wx" + secrets.token_hex(8),
        oa_secret=secrets.token_hex(16),
        push_token=_text(24),
        push_aes_key=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
        template_new_order=_text(43),
        sms_access_key_id="LTAI" + _text(20),
        sms_access_key_secret=_text(30),
        sms_sign_name=SMS_SIGN_NAME,
        sms_template_code=f"SMS_{100_000_000 + secrets.randbelow(800_000_000)}",
        wecom_robot_key=_uuid_text(),
    )
    write_secret(made.merchant_key_path, private_pem(merchant.private_key))
    write_secret(made.merchant_cert_path, certificate_pem(merchant.certificate))
    index = {name: value for name, value in asdict(made).items() if name != "folder"}
    # Last: its presence says that everything else is complete.
    write_secret(folder / INDEX, json.dumps(index, indent=2, ensure_ascii=False).encode())


def _text(length: int) -> str:
    return "".join(secrets.choice(_ALNUM) for _ in range(length))


def _uuid_text() -> str:
    value = secrets.token_hex(16)
    return "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))
