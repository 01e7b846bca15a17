"""Pure decisions about merchant accounts: what pasted keys must be like, and what a refusal means. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn, Protocol

from yantuan.gateways.wechatpay.crypto import (
    load_certificate,
    load_private_key,
    load_public_key,
    rsa_key_of,
    serial_of,
)
from yantuan.kernel.errors import Invalid

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)
_MCHID = re.compile(r"[0-9]{8,10}")
_APIV3 = re.compile(r"[0-9A-Za-z]{32}")
_SERIAL = re.compile(r"[0-9A-F]{40}")
_KEY_ID = re.compile(r"PUB_KEY_ID_[0-9A-Za-z]{10,53}")

PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "unreachable": (
        "暂时连不上微信支付，还没有验证完。资料已保存，请稍后点「重新验证」",
        "WeChat Pay did not answer; the details are kept, check again later.",
    ),
    "clock": (
        "服务器时间和微信支付相差超过 5 分钟，请联系平台校准时间后重新验证",
        "The server's clock differs from WeChat Pay's by more than five minutes.",
    ),
    "serial": (
        "证书序列号和商户号对不上：请到商户平台「账户中心 → API安全 → 商户API证书」核对序列号",
        "The certificate serial is not one of this merchant's.",
    ),
    "signature": (
        "签名没有通过：商户私钥和证书序列号不是一对，请重新上传 apiclient_key.pem",
        "The signature was refused: private key and serial do not belong together.",
    ),
    "merchant": (
        "微信支付没有这个商户号，请核对是否填错，或已注销",
        "WeChat Pay does not know this merchant number.",
    ),
    "appid": (
        "商户号还没有关联本平台的 AppID：请到商户平台「产品中心 → AppID账号管理」关联后重新验证",
        "The merchant number is not bound to this platform's AppID.",
    ),
    "permission": (
        "商户号没有开通所需的产品权限：请到商户平台「产品中心」开通 JSAPI 支付和 Native 支付",
        "The merchant has not opened the product this needs.",
    ),
    "address": (
        "商户平台设置了 IP 白名单，没有包含本平台的服务器地址，请联系平台要到地址后加入白名单",
        "The merchant's IP white list does not name this server.",
    ),
    "platform_key": (
        "微信支付的回答不能用你填的微信支付公钥验证：请核对公钥 ID 和公钥文件是否来自同一个商户号",
        "WeChat Pay's answer does not fit the platform public key given.",
    ),
    "apiv3_key": (
        "APIv3 密钥不对，解不开微信支付的内容：请到商户平台「API安全」核对或重新设置",
        "The APIv3 key does not open what WeChat Pay sealed.",
    ),
    "no_certificates": (
        "这个商户号使用「微信支付公钥」，请选择公钥模式并上传公钥",
        "This merchant uses a platform public key; certificate mode does not apply.",
    ),
    "restricted": (
        "商户号收款受限或账户异常，请登录微信支付商户平台查看原因",
        "The merchant account is restricted.",
    ),
    "relation": (
        "子商户号和平台的服务商没有受理关系，请联系平台",
        "The sub-merchant does not belong to the platform's partner account.",
    ),
    "other": (
        "微信支付没有通过验证，请把下面的原话发给平台核对",
        "WeChat Pay refused the check; see its own words.",
    ),
}
"""Why an account may not be used, in words for the leader: code → (Chinese, English)."""

_BY_CODE: Final = {
    "MCH_NOT_EXISTS": "merchant",
    "APPID_MCHID_NOT_MATCH": "appid",
    "NO_AUTH": "permission",
    "ACCOUNT_ERROR": "restricted",
    "RULE_LIMIT": "restricted",
    "TRADE_ERROR": "restricted",
    "RESOURCE_NOT_EXISTS": "no_certificates",
}
_BY_WORD: Final = (("IP", "address"), ("受理关系", "relation"), ("AppID", "appid"), ("appid", "appid"))


def refusal_problem(code: str, words: str) -> str:
    """The key of PROBLEMS for what WeChat Pay said."""
    if code == "SIGN_ERROR":
        if "时间戳" in words:
            return "clock"
        if "序列号" in words:
            return "serial"
        return "merchant" if "商户号不存在" in words else "signature"
    for word, problem in _BY_WORD:
        if word in words:
            return problem
    return _BY_CODE.get(code, "other")


@dataclass(frozen=True)
class KeyTexts:
    """What a leader typed or pasted for a merchant account of their own."""

    mchid: str
    merchant_serial: str
    private_key: str
    apiv3_key: str
    key_mode: Literal["public_key", "certificate"]
    public_key_id: str = ""
    public_key: str = ""
    certificate: str = ""
    """apiclient_cert.pem, if given: tells the serial and proves that the private key belongs to it."""


def checked_texts(given: KeyTexts) -> KeyTexts:
    """The same in one spelling, or Invalid naming the field and what to do. Never quotes a key."""
    private_key = _private_key(given.private_key)
    serial = _serial(given, private_key)
    mchid = given.mchid.strip()
    if not _MCHID.fullmatch(mchid):
        _refuse("mchid", "商户号是 8 到 10 位数字，在商户平台首页可以看到", "8 to 10 digits")
    if not _APIV3.fullmatch(given.apiv3_key):
        _refuse(
            "apiv3_key", "APIv3 密钥是 32 位字母和数字，在商户平台「API安全」里设置", "32 letters and digits"
        )
    key_id, public_key = _platform_key(given)
    return KeyTexts(mchid, serial, private_key, given.apiv3_key, given.key_mode, key_id, public_key)


def _private_key(text: str) -> str:
    kind, pem = _pem(text)
    if kind is None or "PRIVATE" not in kind:
        words = "这是证书，不是私钥" if kind == "CERTIFICATE" else "没有找到私钥"
        _refuse(
            "private_key", f"{words}：请选择 apiclient_key.pem，或粘贴它的全部内容", "paste apiclient_key.pem"
        )
    try:
        load_private_key(pem.encode())
    except ValueError:
        _refuse("private_key", "私钥读不出来：可能没有粘贴完整，或设了密码", "the private key cannot be read")
    return pem


def _serial(given: KeyTexts, private_key: str) -> str:
    serial = re.sub(r"[\s:]", "", given.merchant_serial).upper()
    if given.certificate.strip():
        kind, pem = _pem(given.certificate)
        try:
            certificate = load_certificate(pem.encode()) if kind == "CERTIFICATE" else None
        except ValueError:
            certificate = None
        if certificate is None:
            _refuse("certificate", "证书读不出来：请选择 apiclient_cert.pem", "paste apiclient_cert.pem")
        ours = load_private_key(private_key.encode()).public_key().public_numbers()
        if rsa_key_of(certificate).public_numbers() != ours:
            _refuse("certificate", "证书和私钥不是一对，请从同一个压缩包里选择", "certificate and key differ")
        if serial and serial != serial_of(certificate):
            _refuse("merchant_serial", "序列号和证书里的不一样，可以留空由证书读出", "serial differs")
        serial = serial_of(certificate)
    if not _SERIAL.fullmatch(serial):
        _refuse(
            "merchant_serial",
            "证书序列号是 40 位字母数字；也可以改为上传 apiclient_cert.pem",
            "40 hex digits",
        )
    return serial


def _platform_key(given: KeyTexts) -> tuple[str, str]:
    if given.key_mode == "certificate":
        return "", ""
    key_id = given.public_key_id.strip()
    if not _KEY_ID.fullmatch(key_id):
        _refuse(
            "public_key_id", "公钥 ID 以 PUB_KEY_ID_ 开头，在「API安全 → 微信支付公钥」里", "PUB_KEY_ID_…"
        )
    kind, pem = _pem(given.public_key)
    if kind != "PUBLIC KEY":
        words = "这是证书，不是公钥" if kind == "CERTIFICATE" else "没有找到公钥"
        _refuse("public_key", f"{words}：请选择下载的 pub_key.pem", "paste pub_key.pem")
    try:
        load_public_key(pem.encode())
    except ValueError:
        _refuse("public_key", "公钥读不出来：可能没有粘贴完整", "the public key cannot be read")
    return key_id, pem


def _pem(text: str) -> tuple[str | None, str]:
    """Kind and text of the first PEM block, its lines broken as they must be even if pasting joined them."""
    found = _PEM.search(text)
    if found is None:
        return None, ""
    kind, inner = found.group(1), re.sub(r"\s+", "", found.group(2))
    lines = "\n".join(inner[i : i + 64] for i in range(0, len(inner), 64))
    return kind, f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def _refuse(field: str, zh: str, en: str) -> NoReturn:
    raise Invalid("merchant_keys_invalid", zh, f"{field}: {en}.", field=field)


class AccountFacts(Protocol):
    """What decides who takes a store's money."""

    @property
    def mode(self) -> str: ...
    @property
    def serves(self) -> bool: ...


PayRoute = Literal["own", "operator", "none"]


def route(account: AccountFacts | None, *, several_leaders: bool, partner_ready: bool) -> PayRoute:
    """Whose account takes the next payment of a store, `account` being the one it has in use, if any.

    Where several leaders sell, the operator's own merchant serves only stores marked as the operator's: money of others
    never passes it. `operator` says nothing about whether the operator has a merchant account at all.
    """
    if account is not None and account.serves:
        # An account that can't be used for the moment is no reason to send its store's money elsewhere.
        return "own" if account.mode != "partner" or partner_ready else "none"
    if not several_leaders or (account is not None and account.mode == "operator"):
        return "operator"
    return "none"
