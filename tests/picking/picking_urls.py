"""The trade's routes and those of the lists, in an API of their own."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from fulfilment.trade_urls import _fresh
from yantuan.aftersales import api as aftersales_api
from yantuan.api import errors
from yantuan.fulfilment import api as fulfilment_api
from yantuan.orders import api as orders_api
from yantuan.payments import api as payments_api
from yantuan.picking import api as picking_api

api = NinjaAPI(urls_namespace="picking-tests")
errors.install(api)
for module in (payments_api, orders_api, fulfilment_api, aftersales_api, picking_api):
    api.add_router("", _fresh(module).router)

urlpatterns = [path("api/", api.urls)]
