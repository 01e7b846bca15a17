"""The API and a stand-in for the payment page that the API's order links to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """No external payment is measured."""
    return HttpResponse(status=404)


urlpatterns = [path("api/", include("oscarapi.urls")), path("pay/<int:pk>/", payment, name="api-payment")]
