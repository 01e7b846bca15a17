"""Personal fields that merchants seal for the platform."""

import base64
import binascii

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from yantuan.simulator.errors import bad_parameter
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


def opened(world: World, call: SignedCall, path: str, sealed: str) -> str:
    """The text of a sealed field. Raises PayError when no key is named, or the text is not sealed for it."""
    key = world.keyring.find(call.key_id) if call.key_id else None
    if key is None:
        raise bad_parameter("/Wechatpay-Serial", "含有敏感字段时必填", call.key_id, "header")
    try:
        text = key.private_key.decrypt(base64.b64decode(sealed, validate=True), _OAEP).decode()
    except (binascii.Error, ValueError):
        raise bad_parameter(path, "敏感信息解密失败，请用 Wechatpay-Serial 对应的公钥加密") from None
    if not text:
        raise bad_parameter(path, "不能为空")
    return text
