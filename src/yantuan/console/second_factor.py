"""The second step of signing in: a time-based code; on the first sign-in the app is set up with a QR code."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import quote, urlencode

import django_otp
import segno
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_totp.models import TOTPDevice

from yantuan.console.forms import CodeForm
from yantuan.kernel import audit, ratelimit
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import TooMany

ISSUER = "雁团运营台"
SESSION_SECONDS = 12 * 3600
_TRIES = ((5, 300), (30, 86400))


def is_operator(user: Any) -> bool:
    """A living account of the console, whether or not the second step is done."""
    return bool(isinstance(user, User) and user.is_active and user.is_staff)


def confirmed_device(user: User) -> TOTPDevice | None:
    """The operator's authenticator, if set up."""
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return device


def next_address(request: HttpRequest) -> str:
    """Where the operator wanted to go, inside the console only."""
    home = reverse("admin:index")
    wanted = str(request.GET.get("next", ""))
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith(home) else home


def step_address(request: HttpRequest, name: str) -> str:
    """Address of a step that keeps where the operator wanted to go."""
    return f"{reverse(f'admin:{name}')}?{urlencode({'next': next_address(request)})}"


def _count_try(device: TOTPDevice) -> str:
    """Count one guess; a Chinese refusal when there were too many, or the last one was wrong a moment ago."""
    try:
        for limit, seconds in _TRIES:
            ratelimit.hit(f"console-code:{device.user_id}", limit=limit, seconds=seconds)
    except TooMany as error:
        return error.zh
    allowed, _ = device.verify_is_allowed()
    return "" if allowed else "刚刚输错过，请等几秒再试"


def _finish(request: HttpRequest, device: TOTPDevice, how: str) -> HttpResponse:
    django_otp.login(request, device)
    # The session gets a new name now that it can do more.
    request.session.cycle_key()
    request.session.set_expiry(SESSION_SECONDS)
    audit.record(Actor("operator", request.user.pk), how, "operator", request.user.pk)
    return HttpResponseRedirect(next_address(request))


def _check(request: HttpRequest, form: CodeForm, device: TOTPDevice) -> bool:
    """Whether the posted code fits; otherwise the form says why."""
    if request.method != "POST" or not form.is_valid():
        return False
    refusal = _count_try(device)
    if not refusal and django_otp.verify_token(device.user, device.persistent_id, form.cleaned_data["code"]):
        return True
    form.add_error("code", refusal or "动态码不对，请看最新的一组")
    return False


def verify(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask for the code of the authenticator that was set up before."""
    if not is_operator(request.user):
        return HttpResponseRedirect(reverse("admin:login"))
    device = confirmed_device(request.user)  # type: ignore[arg-type]
    if device is None:
        return HttpResponseRedirect(step_address(request, "set_up"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if _check(request, form, device):
        return _finish(request, device, "operator.sign_in")
    return TemplateResponse(request, "console/verify.html", context | {"title": "输入动态码", "form": form})


def set_up(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """First sign-in: show the QR code, accept the first code."""
    user = request.user
    if not isinstance(user, User) or not is_operator(user):
        return HttpResponseRedirect(reverse("admin:login"))
    if confirmed_device(user) is not None:
        return HttpResponseRedirect(step_address(request, "verify"))
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "phone"})
    form = CodeForm(request.POST if request.method == "POST" else None)
    if _check_new(request, form, device):
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return _finish(request, device, "operator.second_factor")
    secret = base64.b32encode(device.bin_key).decode().rstrip("=")
    page = {"title": "设置动态码", "form": form, "qr": _qr(user, secret), "secret": _in_groups(secret)}
    answer = TemplateResponse(request, "console/set_up.html", context | page)
    answer["Cache-Control"] = "no-store"
    return answer


def _check_new(request: HttpRequest, form: CodeForm, device: TOTPDevice) -> bool:
    if request.method != "POST" or not form.is_valid():
        return False
    refusal = _count_try(device)
    if not refusal and device.verify_token(form.cleaned_data["code"]):
        return True
    form.add_error("code", refusal or "动态码不对，请确认手机时间准确")
    return False


def _qr(user: User, secret: str) -> SafeString:
    label = quote(f"{ISSUER}:{user.get_username()}")
    address = (
        f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER, 'digits': 6, 'period': 30})}"
    )
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=2, xmldecl=False, dark="#1F2329")
    return mark_safe(out.getvalue().decode())


def _in_groups(secret: str) -> str:
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
