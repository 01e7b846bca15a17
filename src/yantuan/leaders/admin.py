"""The operator's desk for invite codes, certification and leaders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from yantuan.kernel import audit, desk
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.tokens import unseal
from yantuan.leaders import actions
from yantuan.leaders.models import Certification, InviteCode, Leader
from yantuan.leaders.queries import format_code, invite_code_text
from yantuan.leaders.rules import MAX_USES
from yantuan.media.desk import show, strip

_STATE_TONES = {"none": "plain", "pending": "wait", "approved": "good", "rejected": "bad"}


class InviteForm(forms.Form):
    """What a new invite code needs."""

    uses = forms.IntegerField(
        label="可用次数", min_value=1, max_value=MAX_USES, initial=1, widget=UnfoldAdminIntegerFieldWidget()
    )
    days = forms.IntegerField(
        label="有效天数", min_value=1, max_value=3650, initial=7, widget=UnfoldAdminIntegerFieldWidget()
    )
    phone = forms.RegexField(
        r"^1[3-9]\d{9}$",
        label="限定手机号",
        required=False,
        help_text="选填；填写后只有这个手机号能用",
        error_messages={"invalid": "手机号不对"},
        widget=UnfoldAdminTextInputWidget(),
    )
    note = forms.CharField(label="备注", required=False, max_length=200, widget=UnfoldAdminTextInputWidget())


class ApproveForm(forms.Form):
    """An approval may carry a word."""

    reason = forms.CharField(
        label="备注",
        required=False,
        max_length=200,
        help_text="选填；团长能看到",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


def invite_status(code: InviteCode) -> tuple[str, str]:
    """(word, tone) of a code now."""
    if code.revoked_at is not None:
        return "已作废", "bad"
    if code.expires_at <= now():
        return "已过期", "wait"
    if code.uses_taken >= code.uses_allowed:
        return "已用完", "plain"
    return "可用", "good"


def _code_cell(row: InviteCode) -> Any:
    text = invite_code_text(row)
    return format_html(
        '<span class="desk-code">{}</span> <button type="button" class="desk-copy" data-copy="{}">复制</button>',
        text,
        text,
    )


@admin.register(InviteCode)
class InviteCodeAdmin(desk.DeskAdmin):
    columns = (
        desk.column("code", "邀请码", _code_cell),
        desk.column("status", "状态", lambda row: desk.label(*invite_status(row))),
        desk.column("uses", "已用 / 可用", lambda row: f"{row.uses_taken} / {row.uses_allowed}"),
        desk.column("expires_at", "有效期至"),
        desk.column("phone_last4", "限定手机尾号"),
        desk.column("note", "备注"),
        desk.column("created_at", "创建时间"),
    )
    list_display_links = None
    list_filter = (desk.yes_no("revoked", "作废", "已作废", "未作废", "revoked_at__isnull"),)
    search_fields = ("note", "=phone_last4")
    search_help_text = "按备注或手机尾号查找"
    actions_list = ("create_code",)
    actions_row = ("revoke_code",)

    @desk.button("新建邀请码", "create", icon="add")
    def create_code(self, request: HttpRequest) -> HttpResponse:
        def work(values: dict[str, Any]) -> str:
            end = now() + timedelta(days=values["days"])
            _, text = actions.create_invite_code(
                desk.operator_id(request), values["uses"], end, values["note"], values["phone"]
            )
            return f"邀请码已创建：{format_code(text)}"

        return desk.act_page(
            self,
            request,
            InviteForm(desk.sent(request)),
            work,
            title="新建邀请码",
            explain="把邀请码发给要开通团长的人；每用一次算一个名额。",
            button="创建",
            back=self.list_page(),
        )

    @desk.button("作废", "revoke")
    def revoke_code(self, request: HttpRequest, object_id: str) -> HttpResponse:
        code = desk.row_or_none(InviteCode, object_id)
        if code is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            actions.revoke_invite_code(code.id, desk.operator_id(request))
            return "邀请码已作废"

        return desk.act_page(
            self,
            request,
            desk.ConfirmForm(desk.sent(request)),
            work,
            title=f"作废邀请码 {invite_code_text(code)}？",
            explain="作废后不能再用；已经开通的团长不受影响。",
            button="作废",
            back=self.list_page(),
        )


def _id_number(row: Certification) -> str:
    return unseal("id-number", row.id_number_sealed) if row.id_number_sealed else ""


def _papers(row: Certification) -> Any:
    first = reverse("admin:leaders_certification_paper", args=[row.pk, 0])
    return strip(first.removesuffix("0/"), len(row.paper_media_ids))


def _same_number(row: Certification) -> str:
    others = Certification.objects.filter(id_number_hash=row.id_number_hash).exclude(leader_id=row.leader_id)
    names = sorted(set(others.values_list("leader__display_name", flat=True)))
    return "、".join(names) if names else "无"


@admin.register(Certification)
class CertificationAdmin(desk.DeskAdmin):
    columns = (
        desk.column("legal_name", "姓名或名称"),
        desk.column("leader__display_name", "团长昵称"),
        desk.column("kind", "类型", lambda row: row.get_kind_display()),
        desk.column("category", "经营类目"),
        desk.state("state", "状态", dict(Certification.State.choices), _STATE_TONES),
        desk.column("created_at", "提交时间"),
        desk.column("decided_at", "处理时间"),
    )
    details = (
        columns[4],
        columns[0],
        columns[2],
        desk.column("id_number", "证件号码", _id_number),
        desk.column("same", "同证件的其他团长", _same_number),
        desk.column("contact_name", "联系人"),
        columns[3],
        columns[1],
        desk.column("phone", "手机尾号", lambda row: row.leader.person.phone_last4),
        desk.column("papers", "认证材料", _papers),
        columns[5],
        desk.column("reason", "处理意见"),
        columns[6],
    )
    list_filter = (desk.choose("state", "状态", Certification.State.choices),)
    list_select_related = ("leader",)
    search_fields = ("legal_name", "leader__display_name", "=id_number_tail")
    search_help_text = "按姓名、昵称或证件后四位查找"
    narrow_by = ("leader",)
    actions_detail = ("approve", "reject")

    def name_of(self, row: Certification) -> str:
        return f"认证申请：{row.legal_name}"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.paper)
        own = path("<int:pk>/papers/<int:number>/", view, name="leaders_certification_paper")
        return [own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        row = desk.row_or_none(Certification, object_id)
        if row is not None and request.method == "GET":
            # The page shows the whole number of an identity card: who looked must be known later.
            actor = Actor("operator", desk.operator_id(request))
            audit.record(actor, "certification.view", "certification", row.id)
        return super().change_view(request, object_id, *args, **kwargs)

    def paper(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """One private paper."""
        row = desk.row_or_none(Certification, pk)
        if row is None:
            raise Http404
        return show(request, row.paper_media_ids, number, "certification.paper", "certification", row.id)

    @desk.button("通过", "approve", icon="check", needs="decide")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, ApproveForm, approve=True)

    @desk.button("驳回", "reject", icon="close", needs="decide")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, desk.ReasonForm, approve=False)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(Certification, object_id)
        return self.has_view_permission(request) and row is not None and row.state == "pending"

    def _decide(
        self, request: HttpRequest, object_id: str, form: type[forms.Form], *, approve: bool
    ) -> HttpResponse:
        row = desk.row_or_none(Certification, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            actions.decide(row.id, approve, values["reason"], desk.operator_id(request))
            return "已通过，团长可以开团了" if approve else "已驳回，团长会看到原因并可修改重提"

        return desk.act_page(
            self,
            request,
            form(desk.sent(request)),
            work,
            title=f"{'通过' if approve else '驳回'}「{row.legal_name}」的认证",
            explain="" if approve else "原因会原样显示给团长，请写清楚要改什么。",
            button="通过" if approve else "驳回",
            back=self.page_of(row.id),
        )


@admin.register(Leader)
class LeaderAdmin(desk.DeskAdmin):
    columns = (
        desk.column("display_name", "昵称"),
        desk.column("person__phone_last4", "手机尾号"),
        desk.state("certification", "认证", dict(Leader.State.choices), _STATE_TONES),
        desk.column("selling", "资格", lambda row: "已暂停" if row.suspended_at else "正常"),
        desk.column("certified_at", "认证时间"),
        desk.column("created_at", "开通时间"),
    )
    details = (
        desk.column("id", "编号"),
        *columns,
        desk.column("suspended_at", "暂停时间"),
        desk.column("suspend_reason", "暂停原因"),
        desk.column("invite_code__note", "邀请码备注"),
        desk.link(
            "leaders_certification_changelist", "认证申请", lambda row: "查看", lambda row: f"leader={row.pk}"
        ),
        desk.link("stores_store_changelist", "卖场", lambda row: "查看", lambda row: f"leader={row.pk}"),
    )
    list_filter = (
        desk.choose("certification", "认证", Leader.State.choices),
        desk.yes_no("suspended", "资格", "已暂停", "正常", "suspended_at__isnull"),
    )
    list_select_related = ("person",)
    search_fields = ("display_name", "=person__phone_last4", "=id")
    search_help_text = "按昵称、手机尾号或编号查找"
    actions_detail = ("suspend", "restore")

    def name_of(self, row: Leader) -> str:
        return f"团长 {row.display_name}"

    @desk.button("暂停资格", "suspend", icon="pause", needs="suspend")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, stop=True)

    @desk.button("恢复资格", "restore", icon="play_arrow", needs="restore")
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, stop=False)

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(Leader, object_id)
        return self.has_view_permission(request) and row is not None and row.suspended_at is None

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(Leader, object_id)
        return self.has_view_permission(request) and row is not None and row.suspended_at is not None

    def _switch(self, request: HttpRequest, object_id: str, *, stop: bool) -> HttpResponse:
        row = desk.row_or_none(Leader, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            change = actions.suspend_leader if stop else actions.restore_leader
            change(row.id, values["reason"], desk.operator_id(request))
            return "已暂停，立即停止销售" if stop else "已恢复"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"{'暂停' if stop else '恢复'}团长「{row.display_name}」",
            explain="暂停后立刻不能下单；已有订单仍可发货、退款。原因团长能看到。" if stop else "",
            button="暂停" if stop else "恢复",
            back=self.page_of(row.id),
        )
