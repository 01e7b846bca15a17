"""What pasted keys must be like, what a refusal means, whose account takes the money: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from yantuan.kernel.errors import Invalid
from yantuan.merchants import keys, rules
from yantuan.merchants.rules import KeyTexts


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _certificate(key: rsa.RSAPrivateKey, serial: int) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "1900000109")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(serial).not_valid_before(start).not_valid_after(start + timedelta(days=1825))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM).decode()


MINE, OTHER = _key(), _key()
SERIAL = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1
CERTIFICATE = _certificate(MINE, SERIAL)
PUBLIC = OTHER.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip
GOOD = KeyTexts(
    "1900000109", f"{SERIAL:040X}", _pem(MINE), "0123456789abcdef0123456789abcdef", "public_key",
    "PUB_KEY_ID_0119000001202605120000000000", PUBLIC,
)  # fmt: skip


def test_what_is_right_comes_back_in_one_spelling() -> None:
    assert rules.checked_texts(GOOD) == GOOD
    spaced = f"{SERIAL:040x}"
    loose = replace(GOOD, merchant_serial=f" {spaced[:20]} {spaced[20:]}", mchid=" 1900000109 ")
    assert rules.checked_texts(loose) == GOOD


def test_lines_joined_by_pasting_are_parted_again() -> None:
    joined = GOOD.private_key.replace("\n", " ")
    assert (
        rules.checked_texts(replace(GOOD, private_key=f"我的私钥：{joined} 完")).private_key
        == GOOD.private_key
    )


def test_the_certificate_tells_the_serial_and_proves_the_key() -> None:
    assert rules.checked_texts(replace(GOOD, merchant_serial="", certificate=CERTIFICATE)) == GOOD


def test_certificate_mode_needs_no_platform_key() -> None:
    made = rules.checked_texts(replace(GOOD, key_mode="certificate"))
    assert (made.public_key_id, made.public_key) == ("", "")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"mchid": "19000001x9"}, "mchid", "8 到 10 位数字"),
        ({"mchid": "１９００００００１"}, "mchid", "8 到 10 位数字"),
        ({"apiv3_key": "short"}, "apiv3_key", "32 位"),
        ({"apiv3_key": "密" * 32}, "apiv3_key", "32 位"),
        ({"apiv3_key": "密" * 10 + "ab"}, "apiv3_key", "32 位"),
        ({"private_key": ""}, "private_key", "没有找到私钥"),
        ({"private_key": CERTIFICATE}, "private_key", "这是证书，不是私钥"),
        ({"private_key": GOOD.private_key.replace("MI", "", 1)}, "private_key", "读不出来"),
        ({"merchant_serial": ""}, "merchant_serial", "40 位"),
        ({"merchant_serial": "Z" * 40}, "merchant_serial", "40 位"),
        ({"certificate": PUBLIC}, "certificate", "apiclient_cert.pem"),
        ({"certificate": _certificate(OTHER, SERIAL)}, "certificate", "不是一对"),
        ({"certificate": CERTIFICATE, "merchant_serial": "A" * 40}, "merchant_serial", "不一样"),
        ({"public_key_id": "1900000109"}, "public_key_id", "PUB_KEY_ID_"),
        ({"public_key": ""}, "public_key", "没有找到公钥"),
        ({"public_key": CERTIFICATE}, "public_key", "这是证书，不是公钥"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_never_quoted(changes: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked_texts(replace(GOOD, **changes))  # type: ignore[arg-type]
    assert refused.value.code == "merchant_keys_invalid"
    assert refused.value.body()["details"]["field"] == field
    assert words in refused.value.zh
    assert GOOD.apiv3_key not in str(refused.value.body()) and "BEGIN" not in str(refused.value.body())


@pytest.mark.parametrize(
    ("code", "words", "problem"),
    [
        ("SIGN_ERROR", "HTTP头Authorization中时间戳与服务器时间相差超过5分钟", "clock"),
        ("SIGN_ERROR", "商户证书序列号有误", "serial"),
        ("SIGN_ERROR", "商户号不存在", "merchant"),
        ("SIGN_ERROR", "错误的签名，验签失败", "signature"),
        ("MCH_NOT_EXISTS", "商户号不存在", "merchant"),
        ("APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配", "appid"),
        ("NO_AUTH", "商户号该产品权限未开通", "permission"),
        ("NO_AUTH", "请求IP不在商户设置的白名单中", "address"),
        ("NO_AUTH", "商户没有受理关系", "relation"),
        ("RESOURCE_NOT_EXISTS", "没有可用的平台证书", "no_certificates"),
        ("ACCOUNT_ERROR", "账号异常", "restricted"),
        ("SOMETHING_NEW", "", "other"),
    ],
)
def test_every_refusal_has_words(code: str, words: str, problem: str) -> None:
    assert rules.refusal_problem(code, words) == problem
    assert all(rules.PROBLEMS[problem])


@dataclass
class _Account:
    mode: str
    serves: bool


@pytest.mark.parametrize(
    ("account", "several", "partner", "wanted"),
    [
        (None, False, True, "operator"),
        (None, True, True, "none"),
        (_Account("operator", False), True, False, "operator"),
        (_Account("direct", True), True, False, "own"),
        (_Account("direct", True), False, False, "own"),
        (_Account("direct", False), True, False, "none"),
        (_Account("direct", False), False, False, "operator"),
        (_Account("partner", True), True, True, "own"),
        (_Account("partner", True), True, False, "none"),
        (_Account("partner", True), False, False, "none"),
    ],
)
def test_the_operators_account_never_serves_a_foreign_store(
    account: _Account | None, several: bool, partner: bool, wanted: str
) -> None:
    assert rules.route(account, several_leaders=several, partner_ready=partner) == wanted


def test_an_account_is_known_by_its_code_only() -> None:
    code = keys.account_code(123456789)
    assert keys.account_of_code(code) == 123456789
    head, tag = code.split("-")
    for forged in ("", "-", head, f"{head}-", f"{head}-00000000", f"{head}0-{tag}", f"-{tag}", f"{'f' * 17}-{tag}", f"ｆ-{tag}",
                   f"{head.upper()}-{tag}", f"+{head}-{tag}", f"{head}-{tag}0"):  # fmt: skip
        assert keys.account_of_code(forged) is None, forged


def test_secrets_stay_out_of_representations() -> None:
    made = keys.Keys("private", "apiv3", "id", "public")
    assert repr(made) == "Keys(…)"
    sealed = keys.seal_keys(made)
    assert "private" not in sealed and keys.open_keys(sealed) == made
