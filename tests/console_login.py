"""An operator signed in to the console, for whoever needs one without walking through its pages."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "x" * 20


def signed_in_operator(password: str = PASSWORD) -> tuple[Client, TOTPDevice]:
    """A browser that is past both steps, password and code, and the device behind the second."""
    user = User.objects.create_user("operator", password=password, is_staff=True, is_superuser=True)
    device = TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    client = Client()
    client.force_login(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client, device
