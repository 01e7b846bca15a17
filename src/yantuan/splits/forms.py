"""The console's form for an agreement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from yantuan.kernel import desk
from yantuan.splits.models import SplitParty
from yantuan.splits.terms import Wanted


def _percent(label: str, required: bool) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=4,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=required,
        widget=UnfoldAdminDecimalFieldWidget(),
    )


class ProposeForm(desk.ReasonForm):
    """An agreement as the operator wants it."""

    store = forms.CharField(
        label="卖场编号",
        max_length=32,
        help_text="卖场地址 /s/ 后面的一段",
        widget=UnfoldAdminTextInputWidget(),
    )
    rate = _percent("服务商分账比例（%）", True)
    name = forms.CharField(
        label="服务商商户全称",
        max_length=80,
        help_text="和商户平台登记的一字不差",
        widget=UnfoldAdminTextInputWidget(),
    )
    person_openid = forms.CharField(
        label="个人接收方 openid（可不填）",
        max_length=64,
        required=False,
        help_text="须是服务商 AppID 下的 openid；分给个人的钱不能收回",
        widget=UnfoldAdminTextInputWidget(),
    )
    person_name = forms.CharField(
        label="个人接收方姓名", max_length=40, required=False, widget=UnfoldAdminTextInputWidget()
    )
    person_rate = _percent("个人接收方比例（%）", False)
    reason = forms.CharField(
        label="用途（团长会看到）",
        min_length=2,
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    field_order: Any = ("store", "rate", "name", "person_openid", "person_name", "person_rate", "reason")

    def wanted(self) -> list[Wanted]:
        """The receivers named."""
        values = self.cleaned_data
        found = [Wanted(SplitParty.Kind.MERCHANT, values["name"], int(values["rate"] * 100))]
        if values["person_openid"] or values["person_name"] or values["person_rate"]:
            rate = int((values["person_rate"] or 0) * 100)
            found.append(Wanted(SplitParty.Kind.PERSON, values["person_name"], rate, values["person_openid"]))
        return found
