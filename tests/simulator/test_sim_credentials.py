import json
import re
import stat
import threading
from pathlib import Path

from yantuan.simulator.credentials import ensure_credentials
from yantuan.simulator.keyring import KeyRing

PRODUCT_NAMES = {
    "PUBLIC_URL", "SIMULATOR_URL", "CASHIER_URL", "WECHATPAY_BASE_URL", "WECHATPAY_MCHID",
    "WECHATPAY_MERCHANT_SERIAL", "WECHATPAY_MERCHANT_KEY_PATH", "WECHATPAY_APIV3_KEY", "WECHATPAY_MODE",
    "WECHATPAY_PUBLIC_KEY_ID", "WECHATPAY_PUBLIC_KEY_PATH", "WECHAT_API_BASE_URL", "WECHAT_OPEN_BASE_URL",
    "WECHAT_MINI_APPID", "WECHAT_MINI_SECRET", "WECHAT_OA_APPID", "WECHAT_OA_SECRET",
    "WECHAT_TEMPLATE_NEW_ORDER", "SMS_BASE_URL", "SMS_ACCESS_KEY_ID", "SMS_ACCESS_KEY_SECRET", "SMS_SIGN_NAME",
    "SMS_TEMPLATE_CODE", "WECOM_BASE_URL", "SMTP_HOST", "SMTP_PORT", "SMTP_FROM", "MULTI_LEADER",
    "WECHAT_PUSH_TOKEN", "WECHAT_PUSH_AES_KEY", "COURIER_DRIVER", "KUAIDI100_BASE_URL", "KUAIDI100_CUSTOMER",
    "KUAIDI100_KEY", "KDNIAO_BASE_URL", "KDNIAO_BUSINESS_ID", "KDNIAO_APP_KEY",
}  # fmt: skip


def test_second_call_loads_what_the_first_made(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    first = ensure_credentials(folder)
    assert ensure_credentials(folder) == first
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_shapes_are_those_of_wechat(folder: Path) -> None:
    made = ensure_credentials(folder)
    assert made.mchid == "1900000109"
    assert re.fullmatch(r"[0-9A-F]{40}", made.merchant_serial)
    assert len(made.apiv3_key) == 32
    assert len(made.push_aes_key) == 43
    assert re.fullmatch(r"wx[0-9a-f]{16}", made.mini_appid)
    assert made.mini_appid != made.oa_appid
    ring = KeyRing(folder)
    assert re.fullmatch(r"PUB_KEY_ID_\d{28}", ring.current("public_key").key_id)
    assert re.fullmatch(r"[0-9A-F]{40}", ring.current("certificate").key_id)


def test_every_file_is_for_the_owner_only(folder: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_product_environment_has_exactly_the_agreed_names(folder: Path) -> None:
    env = ensure_credentials(folder).product_env("http://127.0.0.1:9001/", "http://127.0.0.1:9000/")
    assert set(env) == {"YANTUAN_" + name for name in PRODUCT_NAMES}
    assert env["YANTUAN_SMS_BASE_URL"] == "http://127.0.0.1:9001/sms"
    assert env["YANTUAN_SMTP_PORT"] == "9002"
    assert env["YANTUAN_CASHIER_URL"] == "http://127.0.0.1:9001/cashier"
    assert Path(env["YANTUAN_WECHATPAY_MERCHANT_KEY_PATH"]).is_file()
    assert Path(env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]).read_text().startswith("-----BEGIN PUBLIC KEY-----")


def test_rotation_keeps_old_keys_through_a_restart(folder: Path) -> None:
    ring = KeyRing(folder)
    old = ring.current("certificate").key_id
    new = ring.rotate("certificate").key_id
    again = KeyRing(folder)
    assert again.current("certificate").key_id == new
    assert [key.key_id for key in again.all("certificate")] == [old, new]
    env = ensure_credentials(folder).product_env("http://127.0.0.1:1", "http://127.0.0.1:2")
    assert env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"] == ring.current("public_key").key_id


def test_two_starts_at_once_agree(tmp_path: Path) -> None:
    made = []
    threads = [threading.Thread(target=lambda: made.append(ensure_credentials(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] == made[1]
    assert json.loads((tmp_path / "credentials.json").read_text())["apiv3_key"] == made[0].apiv3_key
