"""Refusals, in the words of whoever is being played."""

from dataclasses import dataclass, field
from typing import Any

# The number at the end of WeChat Pay's Request-ID, which its support asks for.
DETAIL_CODES = {
    "ORDER_NOT_EXIST": 268512771,
    "FREQUENCY_LIMITED": 268447840,
    "PARAM_ERROR": 268435461,
    "ORDERPAID": 268449538,
    "ORDER_CLOSED": 268447914,
    "SIGN_ERROR": 268443699,
    "APPID_MCHID_NOT_MATCH": 268445527,
}


@dataclass
class PayError(Exception):
    """A refusal of WeChat Pay v3: HTTP status, stable code, Chinese sentence, optional detail."""

    status: int
    code: str
    message: str
    detail: dict[str, Any] | None = None
    detail_code: int = 0

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            answer["detail"] = self.detail
        return answer

    @property
    def request_code(self) -> int:
        return self.detail_code or DETAIL_CODES.get(self.code, 268435456)


def bad_parameter(
    field_path: str, issue: str, value: object = None, location: str = "body", detail_code: int = 0
) -> PayError:
    """PARAM_ERROR that points at one field, e.g. `/amount/total`."""
    detail = {"location": location, "field": field_path, "issue": issue, "value": value}
    sentence = f"输入源“/{location}{field_path}”规则校验失败：{issue}"
    return PayError(400, "PARAM_ERROR", sentence, detail, detail_code)


def invalid_request(sentence: str, detail_code: int = 0) -> PayError:
    return PayError(400, "INVALID_REQUEST", sentence, None, detail_code)


@dataclass
class WechatError(Exception):
    """A refusal of the WeChat or WeCom server APIs: HTTP 200 with `errcode` and `errmsg`."""

    errcode: int
    errmsg: str


@dataclass
class ControlError(Exception):
    """A refusal of the simulator's own control API, in Chinese and English."""

    code: str
    message: str
    message_en: str
    status: int = 400
    detail: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "message_en": self.message_en, **self.detail}
