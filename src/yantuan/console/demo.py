"""One tap into the console, on a demo instance only."""

from __future__ import annotations

import django_otp
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from yantuan.console.second_factor import SESSION_SECONDS
from yantuan.identity.auth import same_site
from yantuan.kernel.config import config

DEMO_OPERATOR = "demo-operator"


def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as the demo operator, second step included, and open the console; 404 on a real instance.

    The account has no usable password, and the console refuses its old sessions once demo is off.
    """
    if not config().demo:
        raise Http404
    if not same_site(request.headers):
        raise PermissionDenied
    user, made = User.objects.get_or_create(
        username=DEMO_OPERATOR, defaults={"is_staff": True, "is_superuser": True, "first_name": "演示运营"}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    device, _ = TOTPDevice.objects.get_or_create(user=user, name="demo", defaults={"confirmed": True})
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    django_otp.login(request, device)
    request.session.set_expiry(SESSION_SECONDS)
    return HttpResponseRedirect(reverse("admin:index"))


def is_stale_demo(user: User) -> bool:
    """A demo operator on an instance that is no demo any more."""
    return user.get_username() == DEMO_OPERATOR and not config().demo
