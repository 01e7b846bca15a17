"""Addresses below /desk/, imported at the first request for one of them (see `api.urls`)."""

from __future__ import annotations

from django.urls import path

from yantuan.desk import act_views, entry_views, order_views

urlpatterns = [
    path("", entry_views.home),
    path("sign-in", entry_views.sign_in),
    path("sign-in/wait", entry_views.wait),
    path("sign-in/finish", entry_views.finish),
    path("sign-out", entry_views.sign_out),
    path("language", entry_views.language),
    path("<int:store_id>/orders", order_views.orders),
    path("<int:store_id>/orders/ids", order_views.order_ids),
    path("<int:store_id>/orders/act", act_views.act),
    path("<int:store_id>/orders/sheet", act_views.sheet),
    path("<int:store_id>/orders/<int:order_id>/reveal", act_views.reveal),
    path("<int:store_id>/views", act_views.save_view),
    path("<int:store_id>/views/<int:view_id>/delete", act_views.remove_view),
    path("<int:store_id>/orders/<int:order_id>", order_views.order),
]
