"""The console's look and its menu. Imported by the settings, so nothing here may touch a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.module_loading import import_string


def _file(path: str) -> Any:
    return lambda request: static(path)


def _badge(name: str) -> Callable[[], str]:
    """A number beside the menu; found when it is drawn, because counting needs the models."""
    return lambda: str(import_string(f"yantuan.console.waits.{name}")())


def _item(title: str, icon: str, view: str, badge: str = "", query: str = "") -> dict[str, Any]:
    item: dict[str, Any] = {"title": title, "icon": icon, "link": _address(view, query)}
    if badge:
        item["badge"] = _badge(badge)
        item["badge_variant"] = "danger"
    return item


def _address(view: str, query: str) -> Any:
    plain = reverse_lazy(f"admin:{view}")
    return lazy(lambda: f"{plain}{query}", str)() if query else plain


def _table(title: str, icon: str, model: str, badge: str = "") -> dict[str, Any]:
    return _item(title, icon, f"{model}_changelist", badge)


LOCALE_PATHS = [Path(__file__).parent / "locale"]
"""Chinese for the theme's own few words, and better Chinese for some of the admin's."""

NAVIGATION: list[dict[str, Any]] = [
    {"title": "", "items": [_item("总览", "home", "index")]},
    {
        "title": "团长",
        "items": [
            _table("邀请码", "key", "leaders_invitecode"),
            _table("认证申请", "verified_user", "leaders_certification", "certifications_badge"),
            _table("团长", "badge", "leaders_leader"),
            _table("卖场", "storefront", "stores_store"),
            _table("内容审核", "fact_check", "moderation_submission", "contents_badge"),
            _table("用户", "group", "identity_person"),
        ],
    },
    {
        "title": "交易",
        "items": [
            _table("团购", "campaign", "groupbuys_groupbuy"),
            _table("订单", "receipt_long", "orders_order"),
            _table("支付单", "payments", "payments_paymentattempt"),
            _table("线下付款凭证", "image", "payments_offlineproof"),
            _table("退款单", "currency_exchange", "payments_refund", "refunds_badge"),
            _table("支付通知", "notifications_active", "payments_providernotice"),
            _table("对账差异", "difference", "payments_billdifference", "differences_badge"),
            _table("收款账户", "account_balance_wallet", "merchants_merchantaccount"),
            _table("商户进件", "assignment_ind", "merchants_merchantapplication"),
            _table("分账约定", "percent", "splits_splitterms"),
            _table("分账单", "call_split", "splits_split", "splits_badge"),
            _table("分账回退", "undo", "splits_splitreturn", "split_returns_badge"),
            _table("售后单", "support_agent", "aftersales_aftersale", "aftersales_badge"),
            _table("包裹", "local_shipping", "fulfilment_shipment"),
            _table("物流跟踪", "route", "tracking_tracking"),
            _table("物流推送", "move_to_inbox", "tracking_courierpush"),
            _table("批量发货", "upload_file", "fulfilment_shipimport"),
            _table("自提核销", "qr_code_scanner", "fulfilment_pickupcheck"),
            _table("微信发货信息", "fact_check", "shipinfo_shippinginfo"),
        ],
    },
    {
        "title": "商品与分享",
        "items": [
            _table("商品", "inventory_2", "catalog_product"),
            _table("商品导入", "upload_file", "catalog_goodsimport"),
            _table("库存", "warehouse", "catalog_stockpool"),
            _table("候补", "hourglass_top", "waiting_wish"),
            _table("拼团", "diversity_3", "teams_team"),
            _table("库存变动", "swap_vert", "catalog_stockmovement"),
            _table("优惠券", "confirmation_number", "promotions_coupon"),
            _table("分享", "share", "sharing_share"),
            _table("动态卡片", "dynamic_feed", "sharing_livecard"),
            _table("图片", "photo_library", "media_media"),
        ],
    },
    {
        "title": "系统",
        "items": [
            _item("状态", "monitor_heart", "status", "alarms_badge"),
            _table("待办事件", "pending_actions", "kernel_outboxevent", "events_badge"),
            _table("后台任务", "manufacturing", "django_tasks_database_dbtaskresult"),
            _table("定时任务", "schedule", "kernel_timedrun"),
            _table("消息发送", "outgoing_mail", "notices_delivery", "deliveries_badge"),
            _table("服务卡片", "view_agenda", "notices_servicecard"),
            _table("自检记录", "health_and_safety", "reports_checkrun"),
            _table("微信推送", "move_to_inbox", "push_pushmessage"),
            _table("停售的卖场", "report", "reports_haltedstore", "halted_badge"),
            _table("订单导出", "ios_share", "reports_orderexport", "exports_badge"),
            _table("审计日志", "history", "kernel_auditentry"),
            _table("运营账号", "admin_panel_settings", "auth_user"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "雁团运营台",
    "SITE_HEADER": "雁团",
    "SITE_SUBHEADER": "运营台",
    "SITE_URL": "/",
    "SITE_ICON": _file("console/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("console/mark.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "10px",
    "THEME": "light",
    "STYLES": [_file("console/console.css")],
    "SCRIPTS": [_file("console/console.js")],
    "LOGIN": {"form": "yantuan.console.forms.SignInForm"},
    "DASHBOARD_CALLBACK": "yantuan.console.dashboard.fill",
    "ENVIRONMENT": "yantuan.console.dashboard.environment",
    "COLORS": {
        "base": {
            "50": "#F6F6F4",
            "100": "#EFEFEC",
            "200": "#E4E4E0",
            "300": "#D0D1CD",
            "400": "#8A8F99",
            "500": "#6F757F",
            "600": "#4E545E",
            "700": "#393E47",
            "800": "#282C33",
            "900": "#1F2329",
            "950": "#14171B",
        },
        "primary": {
            "50": "#FFF4F0",
            "100": "#FFE5DC",
            "200": "#FFC9B8",
            "300": "#FFA387",
            "400": "#F77A56",
            "500": "#EE5F3B",
            "600": "#E8502F",
            "700": "#C43D20",
            "800": "#9C331D",
            "900": "#7E2D1D",
            "950": "#44140B",
        },
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}
