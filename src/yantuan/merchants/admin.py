"""The operator's view of who is paid through which account, and the marks only the operator sets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html_join
from unfold.widgets import UnfoldAdminTextInputWidget

from yantuan.kernel import desk
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import china_text
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.leaders.rules import checked_reason
from yantuan.merchants import actions, rules, troubles
from yantuan.merchants.models import AccountTrouble, MerchantAccount, MerchantApplication
from yantuan.stores.models import Store

_MODES = dict(MerchantAccount.Mode.choices)


def _trouble(row: MerchantAccount) -> str:
    found = AccountTrouble.objects.filter(account_id=row.id).first()
    return f"{china_text(found.since)} 起：{troubles.words_of(found)[0]}" if found else ""


def _problem(row: MerchantAccount) -> Any:
    trouble = rules.PROBLEMS.get(getattr(row, "trouble_problem", None) or "")
    if trouble:
        return desk.label(f"收款故障：{trouble[0][:30]}", "bad")
    return rules.PROBLEMS.get(row.problem, ("",))[0][:40]


def _number(row: MerchantAccount) -> str:
    return row.sub_mchid or row.mchid


def _use(row: MerchantAccount) -> str:
    if row.retired_at is None:
        return "使用中"
    return "已停用，密钥已销毁" if row.wiped_at else "已停用，仅用于退款"


class StoreForm(desk.ReasonForm):
    """Which store, by the code in its address."""

    store = forms.CharField(
        label="卖场编号",
        max_length=32,
        help_text="卖场地址 /s/ 后面的一段",
        widget=UnfoldAdminTextInputWidget(),
    )
    field_order: Any = ("store", "reason")


class PartnerForm(StoreForm):
    sub_mchid = forms.RegexField(
        r"^\d{8,10}$", label="子商户号（sub_mchid）", widget=UnfoldAdminTextInputWidget()
    )
    field_order: Any = ("store", "sub_mchid", "reason")


def _store(values: dict[str, Any]) -> Store:
    found = Store.objects.filter(code=str(values["store"]).strip()).first()
    if found is None:
        raise NotFound("没有这个卖场，请核对编号", "There is no such store.")
    return found


@admin.register(MerchantAccount)
class MerchantAccountAdmin(desk.DeskAdmin):
    columns = (
        desk.column("store__name", "卖场"),
        desk.column("store__leader__display_name", "团长"),
        desk.column("mode", "方式", lambda row: _MODES.get(row.mode, row.mode)),
        desk.column("mchid", "商户号", _number),
        desk.state(
            "state",
            "状态",
            dict(MerchantAccount.State.choices),
            {"unchecked": "wait", "checked": "good", "refused": "bad"},
        ),
        desk.column("problem", "问题", _problem),
        desk.column("use", "使用", _use),
        desk.column("checked_at", "验证时间"),
    )
    details = (
        *columns,
        desk.column("trouble", "收款故障", _trouble),
        desk.column("merchant_serial", "证书序列号", lambda row: _tail(row.merchant_serial)),
        desk.column("apiv3_tail", "APIv3 密钥", lambda row: f"…{row.apiv3_tail}" if row.apiv3_tail else ""),
        desk.column("public_key_id", "微信支付公钥", lambda row: _tail(row.public_key_id)),
        desk.column("problem_words", "微信支付的原话"),
        desk.column("old_keys_until", "旧密钥保留到"),
        desk.column("created_at", "创建时间"),
        desk.column("retired_at", "停用时间"),
    )
    list_filter = (
        desk.choose("mode", "方式", MerchantAccount.Mode.choices),
        desk.choose("state", "状态", MerchantAccount.State.choices),
    )
    search_fields = ("=mchid", "=sub_mchid", "store__name", "=store__code")
    search_help_text = "按商户号或卖场查找"
    list_select_related = ("store__leader",)
    narrow_by = ("store",)
    actions_list = ("mark_own", "add_partner")
    actions_detail = ("unmark_own",)

    def get_queryset(self, request: HttpRequest) -> Any:
        trouble = AccountTrouble.objects.filter(account_id=OuterRef("pk")).values("problem")[:1]
        return super().get_queryset(request).annotate(trouble_problem=Subquery(trouble))

    def name_of(self, row: MerchantAccount) -> str:
        return f"收款账户 {_number(row) or _MODES[row.mode]}"

    @desk.button("标记平台自营卖场", "mark-own", icon="storefront")
    def mark_own(self, request: HttpRequest) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            store = _store(values)
            actions.mark_own(store.id, checked_reason(values["reason"]), desk.operator_id(request))
            return f"卖场「{store.name}」已标记为平台自营，由平台商户号收款"

        return desk.act_page(
            self,
            request,
            StoreForm(desk.sent(request)),
            work,
            title="标记平台自营卖场",
            explain="有多位团长时，平台自己的商户号只能为平台自营的卖场收款；替别人收款再转付属于“二清”，违法。",
            back=self.list_page(),
        )

    @desk.button("登记子商户号", "add-partner", icon="handshake", needs="partner")
    def add_partner(self, request: HttpRequest) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            store = _store(values)
            actor = Actor("operator", desk.operator_id(request))
            account = actions.set_partner(
                store.id, values["sub_mchid"], checked_reason(values["reason"]), actor
            )
            return f"卖场「{store.name}」的子商户号已登记：{account.get_state_display()}"

        return desk.act_page(
            self,
            request,
            PartnerForm(desk.sent(request)),
            work,
            title="登记子商户号",
            explain="子商户号须已由平台的服务商号完成进件；登记时会向微信支付验证一次，不会扣款。",
            back=self.list_page(),
        )

    @desk.button("取消平台自营标记", "unmark-own", icon="block", needs="unmark")
    def unmark_own(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = desk.row_or_none(MerchantAccount, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            actions.unmark_own(row.store_id, checked_reason(values["reason"]), desk.operator_id(request))
            return "已取消标记"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"取消平台自营标记：卖场「{row.store.name}」",
            explain="有多位团长时，这个卖场随即不能再由平台商户号收款，未付的微信支付会被关闭。",
            back=self.list_page(),
        )

    def has_partner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and config().has_partner

    def has_unmark_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(MerchantAccount, object_id)
        return (
            self.has_view_permission(request)
            and row is not None
            and row.mode == MerchantAccount.Mode.OPERATOR
            and row.retired_at is None
        )


def _tail(text: str) -> str:
    return f"…{text[-4:]}" if text else ""


def _asked(row: MerchantApplication) -> Any:
    """What WeChat Pay wants changed, a line each."""
    lines = ((one.get("field_name", ""), one.get("reason", "")) for one in row.details)
    return format_html_join("", "<p><b>{}</b>：{}</p>", lines)


@admin.register(MerchantApplication)
class MerchantApplicationAdmin(desk.DeskAdmin):
    """How far applications are; what they contain is between the leader and WeChat Pay."""

    columns = (
        desk.column("created_at", "创建时间"),
        desk.column("store__name", "卖场"),
        desk.column("store__leader__display_name", "团长"),
        desk.state(
            "state",
            "状态",
            dict(MerchantApplication.State.choices),
            {"rejected": "bad", "finished": "good", "editing": "plain", "canceled": "plain"},
        ),
        desk.column("message", "微信支付的话", lambda row: row.message[:60]),
        desk.column("sub_mchid", "子商户号"),
    )
    details = (
        *columns,
        desk.column("business_code", "业务申请编号"),
        desk.column("applyment_id", "微信支付申请单号"),
        desk.column("details", "要求修改的地方", _asked),
        desk.column("next_ask_at", "下次查询"),
        desk.column("finished_at", "完成时间"),
    )
    list_filter = (desk.choose("state", "状态", MerchantApplication.State.choices),)
    search_fields = ("=business_code", "=applyment_id", "=sub_mchid", "store__name")
    search_help_text = "按申请编号、子商户号或卖场查找"
    list_select_related = ("store__leader",)

    def name_of(self, row: MerchantApplication) -> str:
        return f"商户进件 {row.business_code}"
