"""The operator console: Django's admin behind password and second factor, in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from unfold.sites import UnfoldAdminSite

from yantuan.console import demo, second_factor, status

View = Callable[..., HttpResponse]


def _speak_chinese(request: HttpRequest) -> None:
    translation.activate("zh-hans")
    request.LANGUAGE_CODE = "zh-hans"


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """Registered as Django's default admin site (see `console.apps.ConsoleAdminConfig`)."""

    index_template = "console/index.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """A living operator who passed both steps; asked anew on every request."""
        user = request.user
        if not second_factor.is_operator(user) or demo.is_stale_demo(cast(Any, user)):
            return False
        verified: Callable[[], bool] | None = getattr(user, "is_verified", None)
        return verified is not None and verified()

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page of the console speaks Chinese, whatever the browser prefers."""
        inner = super().admin_view(view, cacheable)

        def spoken(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            _speak_chinese(request)
            answer: HttpResponse = inner(request, *args, **kwargs)
            return answer

        return cast(View, csrf_protect(spoken))

    def extra_urls(self) -> list[URLPattern]:
        """Called by the theme: the steps of signing in, and the page of the instance itself."""
        return [
            path("verify/", self._step(second_factor.verify), name="verify"),
            path("set-up/", self._step(second_factor.set_up), name="set_up"),
            path("status/", self.admin_view(self._status), name="status"),
            path("demo/", never_cache(demo.sign_in), name="demo"),
        ]

    def _status(self, request: HttpRequest) -> HttpResponse:
        return status.page(request, self.each_context(request))

    def _step(self, view: Callable[[HttpRequest, dict[str, Any]], HttpResponse]) -> View:
        def step(request: HttpRequest) -> HttpResponse:
            _speak_chinese(request)
            if self.has_permission(request):
                return HttpResponseRedirect(second_factor.next_address(request))
            return view(request, self.each_context(request))

        return cast(View, never_cache(csrf_protect(step)))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Password first; who has given it goes on to the second step."""
        _speak_chinese(request)
        waiting = second_factor.is_operator(request.user) and not self.has_permission(request)
        if request.method == "GET" and waiting and not demo.is_stale_demo(cast(Any, request.user)):
            return HttpResponseRedirect(second_factor.step_address(request, "verify"))
        return cast(HttpResponse, super().login(request, extra_context))


console_site = cast(ConsoleSite, admin.site)
