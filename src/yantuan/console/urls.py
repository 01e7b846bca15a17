"""The console's addresses, and with them its tables: imported at the first request for one of them (see `api.urls`)."""

from __future__ import annotations

from django.contrib import admin

from yantuan.console.site import console_site

admin.autodiscover()
app_name = console_site.name
urlpatterns = console_site.get_urls()
