"""Addresses below /desk/, imported at the first request for one of them (see `api.urls`)."""

from __future__ import annotations

from django.urls import path

from yantuan.desk import act_views, entry_views, order_views, refund_views, ship_views, trade_views

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
    path("<int:store_id>/orders/<int:order_id>/refund", refund_views.form),
    path("<int:store_id>/orders/<int:order_id>/refund/look", refund_views.look),
    path("<int:store_id>/orders/<int:order_id>/refund/send", refund_views.send),
    path("<int:store_id>/orders/<int:order_id>/refund/code", refund_views.code),
    path("<int:store_id>/refunds/<int:refund_id>/done", refund_views.given_back),
    path("<int:store_id>/refunds/<int:refund_id>/retry", refund_views.try_again),
    path("<int:store_id>/shipping", ship_views.shipping),
    path("<int:store_id>/shipping/blank", ship_views.blank),
    path("<int:store_id>/ship-imports", ship_views.send),
    path("<int:store_id>/shipping/<int:import_id>", ship_views.sheet),
    path("<int:store_id>/shipping/<int:import_id>/confirm", ship_views.confirm),
    path("<int:store_id>/shipping/<int:import_id>/discard", ship_views.discard),
    path("<int:store_id>/shipping/<int:import_id>/undo", ship_views.undo),
    path("<int:store_id>/shipping/<int:import_id>/problems", ship_views.problems),
    path("<int:store_id>/aftersales", trade_views.aftersale_list),
    path("<int:store_id>/aftersales/<int:aftersale_id>", trade_views.aftersale),
    path("<int:store_id>/aftersales/<int:aftersale_id>/agree", trade_views.agree),
    path("<int:store_id>/aftersales/<int:aftersale_id>/refuse", trade_views.refuse),
    path("<int:store_id>/sales", trade_views.sales),
    path("<int:store_id>/exports", trade_views.export_list),
    path("<int:store_id>/exports/ask", trade_views.ask_export),
    path("<int:store_id>/exports/<int:export_id>/file", trade_views.export_file),
]
