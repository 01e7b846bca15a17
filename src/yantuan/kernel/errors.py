"""Expected failures: a stable code for programs, one human sentence in Chinese and one in English."""

from __future__ import annotations

from typing import Any


class AppError(Exception):
    """A refusal the caller can understand and act on; answered as `status` with the JSON of `body()`.

    `code` is stable snake_case; `details` carries JSON-able facts (never personal data of others).
    """

    def __init__(
        self,
        code: str,
        zh: str,
        en: str,
        *,
        status: int = 400,
        retry_after: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.status = status
        self.retry_after = retry_after
        self.details = details

    def body(self, request_id: str = "") -> dict[str, Any]:
        """The error envelope every API answer uses."""
        return {
            "code": self.code,
            "message": self.zh,
            "message_en": self.en,
            "details": self.details,
            "request_id": request_id,
        }


class NotFound(AppError):
    """Absent, or not the caller's: both look the same (design §8)."""

    def __init__(self, zh: str = "没有找到，可能已被删除或链接不对", en: str = "Not found.") -> None:
        super().__init__("not_found", zh, en, status=404)


class Forbidden(AppError):
    """The caller is known but may not do this."""

    def __init__(self, code: str = "forbidden", zh: str = "没有权限这样做", en: str = "Not allowed.") -> None:
        super().__init__(code, zh, en, status=403)


class SignInNeeded(AppError):
    """No valid session came with the request."""

    def __init__(self) -> None:
        super().__init__("sign_in_needed", "请先登录", "Please sign in.", status=401)


class Conflict(AppError):
    """The state has moved on; nothing was changed."""

    def __init__(self, code: str, zh: str, en: str, **details: Any) -> None:
        super().__init__(code, zh, en, status=409, **details)


class Invalid(AppError):
    """A field breaks a rule; `field` names it."""

    def __init__(self, code: str, zh: str, en: str, *, field: str = "", **details: Any) -> None:
        super().__init__(code, zh, en, status=422, field=field, **details)


class TooMany(AppError):
    """A limit per person, phone or address was reached."""

    def __init__(
        self,
        zh: str = "操作太频繁，请稍后再试",
        en: str = "Too many tries, slow down.",
        *,
        retry_after: int = 60,
    ) -> None:
        super().__init__("too_many_requests", zh, en, status=429, retry_after=retry_after)


class Busy(AppError):
    """The service sheds load; the same call may be repeated."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__(
            "busy", "现在人有点多，请稍等一下再试", "Busy, try again.", status=503, retry_after=retry_after
        )
