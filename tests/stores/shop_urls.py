"""The selling side's routes by themselves, so that these tests need no other floor's."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from yantuan.api import errors
from yantuan.catalog.api import router as catalog
from yantuan.catalog.imports.api import router as goods_imports
from yantuan.groupbuys.api import router as groupbuys
from yantuan.groupbuys.complying_api import router as complying
from yantuan.reports.api import router as reports
from yantuan.sharing.api import router as sharing
from yantuan.sharing.views import (
    door_sign,
    order_label,
    sale_card,
    share_card,
    share_poster,
    share_qr,
    store_card,
)
from yantuan.stores.api import router as stores

api = NinjaAPI(urls_namespace="shop-tests")
errors.install(api)
for router in (stores, catalog, goods_imports, complying, groupbuys, sharing, reports):
    api.add_router("", router)

urlpatterns = [
    path("api/", api.urls),
    path("share/<str:token>/poster.jpg", share_poster),
    path("share/<str:token>/qr.png", share_qr),
    path("share/<str:token>/card.jpg", share_card),
    path("share/g/<str:code>/card.jpg", sale_card),
    path("share/s/<str:code>/card.jpg", store_card),
    path("share/door/<str:scene>.jpg", door_sign),
    path("share/label/<str:scene>.jpg", order_label),
]
