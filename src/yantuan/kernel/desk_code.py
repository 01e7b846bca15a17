"""Asking an operator for the dynamic code once more, before an act that moves much money or many people's data."""

from __future__ import annotations

from typing import Any

import django_otp
from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.widgets import UnfoldAdminTextInputWidget

from yantuan.kernel import ratelimit
from yantuan.kernel.errors import Invalid

_TRIES = ((5, 300), (30, 86400))


def code_field(help_text: str) -> forms.CharField:
    """An optional field for the code; `check_code` says when it was needed."""
    attributes = {"inputmode": "numeric", "autocomplete": "one-time-code"}
    return forms.CharField(
        label="动态码",
        max_length=6,
        required=False,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs=attributes),
    )


def check_code(request: HttpRequest, code: Any) -> None:
    """Refuse unless `code` is a fresh one of the operator's own device; each is good once. Raises Invalid or TooMany.

    The tries are counted together with those of signing in, outside any transaction that may be rolled back.
    """
    user = request.user
    device = TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).first()
    if isinstance(user, User) and device is not None:
        for limit, seconds in _TRIES:
            ratelimit.hit(f"console-code:{user.pk}", limit=limit, seconds=seconds)
        if code and django_otp.verify_token(user, device.persistent_id, str(code)):
            return
    raise Invalid(
        "dynamic_code_needed",
        "金额较大或资料较多，请填写验证器上最新的一组动态码（用过的不能再用）",
        "Enter a fresh dynamic code of your authenticator; each works once.",
        field="code",
    )
