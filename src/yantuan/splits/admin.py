"""The operator's view of profit sharing: agreements, splits, returns, and what only a person decides."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from yantuan.kernel import desk
from yantuan.kernel.config import config
from yantuan.kernel.money import price_text
from yantuan.leaders.rules import checked_reason
from yantuan.splits import deciding, parties, queries, rules, states, terms
from yantuan.splits.forms import ProposeForm
from yantuan.splits.models import Split, SplitPart, SplitParty, SplitReturn, SplitTerms
from yantuan.stores.models import Store

_TERMS_TONES = {
    "proposed": "wait",
    "agreed": "good",
    "declined": "plain",
    "replaced": "plain",
    "ended": "plain",
}
_PARTY_TONES = {"pending": "wait", "active": "good", "refused": "bad", "removed": "plain"}
_SPLIT_TONES = {
    "planned": "wait", "sharing": "wait", "freeing": "wait", "trouble": "bad", "done": "good", "freed": "plain",
}  # fmt: skip
_RETURN_TONES = {
    "created": "wait", "processing": "wait", "succeeded": "good", "failed": "bad", "replaced": "plain",
    "waived": "plain",
}  # fmt: skip


class PartyInline(desk.DeskInline):
    model = SplitParty
    verbose_name_plural = "接收方"
    columns = (
        desk.column("kind", "类型", lambda row: row.get_kind_display()),
        desk.column("name_shown", "名称"),
        desk.column(
            "number", "号码", lambda row: row.number if row.kind == "MERCHANT_ID" else f"…{row.number[-4:]}"
        ),
        desk.column("rate_bp", "比例", lambda row: rules.percent_text(row.rate_bp)),
        desk.state("state", "状态", dict(SplitParty.State.choices), _PARTY_TONES),
        desk.column("problem", "问题", lambda row: states.TROUBLES.get(row.problem, ("",))[0]),
        desk.column("problem_words", "微信支付的原话"),
    )


@admin.register(SplitTerms)
class SplitTermsAdmin(desk.DeskAdmin):
    columns = (
        desk.column("proposed_at", "提出时间"),
        desk.column("account__store__name", "卖场"),
        desk.column("account__sub_mchid", "子商户号"),
        desk.column("rate_bp", "比例", lambda row: rules.percent_text(row.rate_bp)),
        desk.state("state", "状态", dict(SplitTerms.State.choices), _TERMS_TONES),
        desk.column("agreed_at", "同意时间"),
        desk.column("ended_at", "终止时间"),
    )
    details = (
        *columns,
        desk.column("max_ratio", "商户授权上限", lambda row: rules.percent_text(row.max_ratio)),
        desk.column("reason", "说明"),
    )
    inlines = (PartyInline,)
    list_filter = (desk.choose("state", "状态", SplitTerms.State.choices),)
    search_fields = ("=account__sub_mchid", "account__store__name", "=account__store__code")
    search_help_text = "按子商户号或卖场查找"
    list_select_related = ("account__store",)
    actions_list = ("propose",)
    actions_detail = ("add_again", "end")

    def name_of(self, row: SplitTerms) -> str:
        return f"分账约定 {rules.percent_text(row.rate_bp)}"

    @desk.button("提出分账约定", "propose", icon="percent", needs="partner")
    def propose(self, request: HttpRequest) -> HttpResponse:
        form = ProposeForm(desk.sent(request))

        def work(values: dict[str, Any]) -> str:
            store = Store.objects.filter(code=str(values["store"]).strip()).first()
            made = terms.propose(
                store.id if store else 0,
                form.wanted(),
                checked_reason(values["reason"]),
                desk.operator_id(request),
            )
            return f"已提出 {rules.percent_text(made.rate_bp)} 的分账约定，请团长在「收款方式」里确认"

        return desk.act_page(
            self,
            request,
            form,
            work,
            title="提出分账约定",
            explain="团长明确同意之前不会分账。同意后新付款的订单，在售后期过后按比例分给接收方，其余解冻给商户。",
            back=self.list_page(),
        )

    @desk.button("重新添加接收方", "add-again", icon="person_add", needs="refused")
    def add_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(SplitTerms, object_id)

        def work(values: dict[str, Any]) -> str:
            refused = list(row.parties.filter(state=SplitParty.State.REFUSED))
            done = [parties.try_again(party.id).get_state_display() for party in refused]
            return f"已重新添加：{'、'.join(done)}"

        return desk.act_page(
            self,
            request,
            desk.ConfirmForm(desk.sent(request)),
            work,
            title="重新添加接收方",
            explain="请先在微信支付商户平台消除原因。接收方全部生效后，新付款的订单才会分账。",
            back=self.page_of(row.id),
        )

    @desk.button("终止", "end", icon="block", needs="standing")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(SplitTerms, object_id)

        def work(values: dict[str, Any]) -> str:
            terms.end_by_operator(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return "已终止"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title="终止分账约定",
            explain="新付款的订单不再分账；已付款还没有分账的，货款全部解冻给商户。",
            back=self.page_of(row.id),
        )

    def has_partner_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and config().has_partner

    def has_refused_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        refused = SplitParty.objects.filter(
            state=SplitParty.State.REFUSED, terms__state=SplitTerms.State.AGREED
        )
        return self.has_view_permission(request) and refused.filter(terms_id=_id(object_id)).exists()

    def has_standing_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(SplitTerms, object_id)
        return self.has_view_permission(request) and row is not None and row.state in ("proposed", "agreed")


class PartInline(desk.DeskInline):
    model = SplitPart
    verbose_name_plural = "分给谁"
    columns = (
        desk.column("party__name_shown", "接收方"),
        desk.money("amount_fen", "金额"),
        desk.state(
            "result",
            "结果",
            dict(SplitPart.Result.choices),
            {"pending": "wait", "success": "good", "closed": "bad"},
        ),
        desk.column("failure", "原因", lambda row: states.FAILURES.get(row.failure, row.failure)),
        desk.column("detail_id", "微信分账明细单号"),
        desk.column("finished_at", "完成时间"),
    )


@admin.register(Split)
class SplitAdmin(desk.DeskAdmin):
    columns = (
        desk.column("out_order_no", "分账单号"),
        desk.link(
            "orders_order_changelist", "订单", lambda row: str(row.order_id), lambda row: f"q={row.order_id}"
        ),
        desk.column("paid_at", "付款时间"),
        desk.money("amount_fen", "分账金额"),
        desk.state("state", "状态", dict(states.SPLIT.labels), _SPLIT_TONES),
        desk.column(
            "problem",
            "问题",
            lambda row: states.TROUBLES.get(row.problem, ("",))[0] or states.WHY.get(row.why, ""),
        ),
    )
    details = (
        *columns,
        desk.column("transaction_id", "微信支付单号"),
        desk.column("returned", "已收回", lambda row: price_text(queries.returned_fen(row))),
        desk.column("unfreeze_no", "解冻单号"),
        desk.money("base_fen", "计算基数（已付减已退）"),
        desk.column("last_error", "微信支付的原话"),
        desk.column("next_try_at", "下次处理"),
        desk.column("decided_at", "决定时间"),
        desk.column("done_at", "完成时间"),
    )
    inlines = (PartInline,)
    list_filter = (desk.choose("state", "状态", list(states.SPLIT.labels.items())),)
    search_fields = ("=out_order_no", "=unfreeze_no", "=transaction_id", "=order__id")
    search_help_text = "按分账单号、微信支付单号或订单号查找"
    actions_detail = ("share_again", "give_up")

    def name_of(self, row: Split) -> str:
        return f"分账单 {row.out_order_no}"

    @desk.button("重新分账", "share-again", icon="sync", needs="troubled")
    def share_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(Split, object_id)

        def work(values: dict[str, Any]) -> str:
            done = deciding.share_again(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return f"已重新处理：{states.SPLIT.labels[done.state]}"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"重新分账：{row.out_order_no}",
            explain="先消除原因，再重新分账；金额按现在已付减已退重新计算。三天内没有处理的，货款会自动全部解冻给商户。",
            back=self.page_of(row.id),
        )

    @desk.button("放弃分账并解冻", "give-up", icon="lock_open", needs="undecided")
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(Split, object_id)

        def work(values: dict[str, Any]) -> str:
            done = deciding.give_up(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return f"已放弃分账：{states.SPLIT.labels[done.state]}"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"放弃分账并解冻：{row.out_order_no}",
            explain="这笔付款不再分账，货款全部解冻给商户，不能撤回。",
            back=self.page_of(row.id),
        )

    def has_troubled_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_in(request, object_id, ("trouble",))

    def has_undecided_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_in(request, object_id, ("planned", "trouble"))

    def _is_in(self, request: HttpRequest, object_id: Any, wanted: tuple[str, ...]) -> bool:
        row = desk.row_or_none(Split, object_id)
        return self.has_view_permission(request) and row is not None and row.state in wanted


@admin.register(SplitReturn)
class SplitReturnAdmin(desk.DeskAdmin):
    columns = (
        desk.column("created_at", "时间"),
        desk.column("out_return_no", "回退单号"),
        desk.column("part__party__name_shown", "收回自"),
        desk.money("amount_fen", "金额"),
        desk.state("state", "状态", dict(states.RETURN.labels), _RETURN_TONES),
        desk.column("failure", "原因", lambda row: states.FAILURES.get(row.failure, row.failure)),
        desk.column("refund__out_refund_no", "退款单号"),
    )
    details = (
        *columns,
        desk.column("last_error", "微信支付的原话"),
        desk.column("next_try_at", "下次处理"),
        desk.column("done_at", "完成时间"),
        desk.column("reason", "处理说明"),
    )
    list_filter = (desk.choose("state", "状态", list(states.RETURN.labels.items())),)
    search_fields = ("=out_return_no", "=refund__out_refund_no", "=part__split__out_order_no")
    search_help_text = "按回退单号、退款单号或分账单号查找"
    list_select_related = ("part__party", "refund")
    actions_detail = ("take_back_again", "waive")

    def name_of(self, row: SplitReturn) -> str:
        return f"分账回退 {row.out_return_no}"

    @desk.button("再收回一次", "take-back-again", icon="sync", needs="failed")
    def take_back_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(SplitReturn, object_id)

        def work(values: dict[str, Any]) -> str:
            reason = checked_reason(values["reason"])
            done = deciding.take_back_again(row.id, reason, desk.operator_id(request))
            return f"已用新单号再收回：{states.RETURN.labels[done.state]}"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"再收回一次：{row.out_return_no}",
            explain="例如服务商账户已充值。收回后退款自动继续。",
            back=self.list_page(),
        )

    @desk.button("放行退款", "waive", icon="payments", needs="failed")
    def waive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(SplitReturn, object_id)

        def work(values: dict[str, Any]) -> str:
            deciding.waive(row.id, checked_reason(values["reason"]), desk.operator_id(request))
            return "退款会马上发起"

        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"放行退款：{row.out_return_no}",
            explain="不再等这笔分账收回，退款改从商户自己的余额出；服务商欠商户的这一份，请另行退还。",
            back=self.list_page(),
        )

    def has_failed_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = desk.row_or_none(SplitReturn, object_id)
        return self.has_view_permission(request) and row is not None and row.state == "failed"


def _id(object_id: Any) -> int:
    text = str(object_id)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _row(model: Any, object_id: str) -> Any:
    row = desk.row_or_none(model, object_id)
    if row is None:
        raise Http404
    return row
