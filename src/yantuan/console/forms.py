"""Forms of signing in to the console."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from yantuan.identity.limits import address_of
from yantuan.kernel import ratelimit
from yantuan.kernel.errors import TooMany

_TRIES = ((10, 300), (40, 86400))
"""(most tries, seconds), per address and per name."""


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Name and password, with a limit on guessing."""

    error_messages = {"invalid_login": "用户名或密码不对", "inactive": "这个账号已停用"}

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))[:80].lower()
        try:
            for limit, seconds in _TRIES:
                ratelimit.hit(f"console-address:{address_of(self.request)}", limit=limit, seconds=seconds)
                ratelimit.hit(f"console-name:{name}", limit=limit, seconds=seconds)
        except TooMany as error:
            raise forms.ValidationError(error.zh) from None
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class CodeForm(forms.Form):
    """The six digits of the authenticator app."""

    code = forms.RegexField(
        r"^\d{6}$",
        label="6 位动态码",
        error_messages={"invalid": "请输入 6 位数字", "required": "请输入 6 位数字"},
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 6, "autofocus": ""}
        ),
    )
