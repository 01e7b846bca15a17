"""Every address Django answers; the hot lane stands in front (see `api.lane`)."""

from __future__ import annotations

from django.urls import URLResolver, path, re_path
from django.urls.resolvers import RoutePattern

from yantuan.api import health, pages, refusals
from yantuan.api.main import api
from yantuan.gate import views as gate
from yantuan.media.views import public_picture
from yantuan.moderation.views import checked_picture
from yantuan.payments.views import account_notice, refund_notice, transaction_notice
from yantuan.push.views import wechat_push
from yantuan.sharing.views import (
    door_sign,
    order_label,
    sale_card,
    share_card,
    share_poster,
    share_qr,
    store_card,
)
from yantuan.tracking.views import kdniao_push, kuaidi100_push

urlpatterns = [
    path("api/", api.urls),
    # Named, not included: console and desk are imported at their first request.
    URLResolver(RoutePattern("console/"), "yantuan.console.urls", app_name="admin", namespace="admin"),
    URLResolver(RoutePattern("desk/"), "yantuan.desk.urls"),
    path("console", pages.with_slash),
    path("desk", pages.with_slash),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("media/<str:name>", public_picture),
    path("notify/wechatpay/transactions", transaction_notice),
    path("notify/wechatpay/refunds", refund_notice),
    path("notify/wechatpay/<str:code>/<str:what>", account_notice),
    path("notify/kuaidi100", kuaidi100_push),
    path("notify/kdniao", kdniao_push),
    path("notify/wechat/push", wechat_push),
    path("notify/wechat/content/<str:name>", checked_picture),
    path("share/<str:token>/poster.jpg", share_poster),
    path("share/<str:token>/qr.png", share_qr),
    path("share/<str:token>/card.jpg", share_card),
    path("share/g/<str:code>/card.jpg", sale_card),
    path("share/s/<str:code>/card.jpg", store_card),
    path("share/door/<str:scene>.jpg", door_sign),
    path("share/label/<str:scene>.jpg", order_label),
    path("gate-sw.js", gate.worker),
    path("gate.webmanifest", gate.manifest),
    path("g/<str:code>", pages.group_buy),
    path("s/<str:code>", pages.store),
    re_path(r"^(?!api/|console/|desk/|media/|share/|notify/|assets/|static/).*$", pages.app),
]

handler400 = refusals.unreadable
handler403 = refusals.forbidden
handler404 = refusals.not_found
handler500 = refusals.failed
