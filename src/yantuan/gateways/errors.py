"""What can go wrong with an outside service, seen by the caller: is the result known or not?"""

from __future__ import annotations

from typing import Any, ClassVar

from yantuan.kernel.errors import AppError

_NAMES = {
    "wechatpay": ("微信支付", "WeChat Pay"),
    "wechat": ("微信", "WeChat"),
    "sms": ("短信服务", "The SMS service"),
    "wecom": ("企业微信", "WeCom"),
    "email": ("邮件服务", "The mail server"),
    "kuaidi100": ("快递100", "kuaidi100"),
    "kdniao": ("快递鸟", "kdniao"),
}


def _names(provider: str) -> tuple[str, str]:
    return _NAMES.get(provider, (provider, provider))


class GatewayError(AppError):
    """Base of everything a gateway raises.

    `result_unknown` is True when the provider may have done the work all the same: ask it (query) or repeat
    the very same call with the very same numbers, never start anew.
    """

    result_unknown: ClassVar[bool] = False

    def __init__(self, provider: str, code: str, zh: str, en: str, *, status: int, **details: Any) -> None:
        super().__init__(code, zh, en, status=status, provider=provider, **details)
        self.provider = provider


class GatewayInvalid(GatewayError):
    """Our own request breaks the provider's written rule; nothing was sent. `field` names the culprit."""

    def __init__(self, provider: str, field: str, rule: str) -> None:
        zh, en = _names(provider)
        super().__init__(
            provider,
            "gateway_invalid_request",
            f"发给{zh}的内容不符合规则（{field}），没有发出",
            f"{en}: {field} breaks a rule ({rule}); nothing was sent.",
            status=422,
            field=field,
        )
        self.field = field
        self.rule = rule


class GatewayUnavailable(GatewayError):
    """Timeout, lost connection, 5xx or an answer that makes no sense.

    `sent` is False when the request surely never left (no connection), so that even a call that must not be
    repeated may be tried again. `http_status` is 0 without an answer; `provider_code` is empty unless the
    answer carried one.
    """

    result_unknown = True

    def __init__(
        self, provider: str, reason: str, *, sent: bool = True, http_status: int = 0, provider_code: str = ""
    ) -> None:
        zh, en = _names(provider)
        super().__init__(
            provider,
            "gateway_unavailable",
            f"{zh}暂时没有正常回应，请稍后再试",
            f"{en} did not answer properly; try again shortly.",
            status=503,
        )
        self.reason = reason
        self.sent = sent
        self.http_status = http_status
        self.provider_code = provider_code

    def __str__(self) -> str:
        return f"{self.code}: {self.provider}: {self.reason} {self.provider_code}".rstrip()


class GatewayUnverified(GatewayError):
    """An answer or notice whose signature (or hash) is missing or wrong: treated as if nobody had spoken.

    `probe` marks the provider's deliberate test of our checking; it deserves a refusal but no alarm.
    """

    result_unknown = True

    def __init__(self, provider: str, reason: str, *, probe: bool = False, status: int = 502) -> None:
        zh, en = _names(provider)
        super().__init__(
            provider,
            "gateway_unverified",
            f"无法确认消息确实来自{zh}，已当作没有收到",
            f"{en}: the message could not be verified and was ignored.",
            status=status,
        )
        self.reason = reason
        self.probe = probe

    def __str__(self) -> str:
        return f"{self.code}: {self.provider}: {self.reason}"


class GatewayRefused(GatewayError):
    """The provider understood and said no.

    `provider_code` and `provider_message` are its words, for logs and operators.

    `verified` tells whether the refusal itself was signed (always True for providers that do not sign). `field` is
    the path of the field the provider points at, e.g. `/amount/total`, or empty.
    """

    def __init__(
        self,
        provider: str,
        provider_code: str,
        provider_message: str,
        http_status: int = 200,
        *,
        verified: bool = True,
        request_id: str = "",
        field: str = "",
    ) -> None:
        zh, en = _names(provider)
        super().__init__(
            provider,
            "gateway_refused",
            f"{zh}没有接受这次请求（{provider_code}）",
            f"{en} refused the request ({provider_code}).",
            status=502,
            provider_code=provider_code,
        )
        self.provider_code = provider_code
        self.provider_message = provider_message
        self.http_status = http_status
        self.verified = verified
        self.provider_request_id = request_id
        self.field = field

    def __str__(self) -> str:
        tail = f" [{self.provider_request_id}]" if self.provider_request_id else ""
        return f"{self.code}: {self.provider}: {self.provider_code} {self.provider_message}{tail}"


class GatewayThrottled(GatewayRefused):
    """A rate limit or quota: nothing was done, the same call may be made later."""


class GatewayUndecryptable(GatewayError):
    """Genuine by its signature, but our key does not open it.

    A configuration error to alarm about, and to be repeated.
    """

    def __init__(self, provider: str, reason: str) -> None:
        zh, en = _names(provider)
        super().__init__(
            provider,
            "gateway_undecryptable",
            f"无法解密{zh}发来的内容，请检查密钥配置",
            f"{en}: the content could not be decrypted; check the configured key.",
            status=500,
        )
        self.reason = reason
