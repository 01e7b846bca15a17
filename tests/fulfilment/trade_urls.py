"""The routes these tests call, by themselves: a router can be mounted in one API only, so each module is loaded once more."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from django.urls import path
from ninja import NinjaAPI

from yantuan.aftersales import api as aftersales_api
from yantuan.api import errors
from yantuan.fulfilment import api as fulfilment_api
from yantuan.fulfilment.imports import api as imports_api
from yantuan.orders import api as orders_api
from yantuan.payments import api as payments_api


def _fresh(module: ModuleType) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_trade", str(module.__file__))
    assert spec and spec.loader
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


api = NinjaAPI(urls_namespace="trade-tests")
errors.install(api)
for module in (payments_api, orders_api, fulfilment_api, imports_api, aftersales_api):
    api.add_router("", _fresh(module).router)

urlpatterns = [path("api/", api.urls)]
