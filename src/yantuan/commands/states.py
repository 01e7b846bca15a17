"""docs/states.md, written from the tables the product runs on: `python -m yantuan.commands.states > docs/states.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from yantuan.aftersales.states import CASE
from yantuan.aftersales.states import ROLES as CASE_ROLES
from yantuan.catalog.imports.states import GOODS_IMPORT
from yantuan.catalog.imports.states import MEANINGS as GOODS_MEANINGS
from yantuan.catalog.imports.states import ROLES as GOODS_ROLES
from yantuan.fulfilment.imports.states import IMPORT
from yantuan.fulfilment.imports.states import MEANINGS as IMPORT_MEANINGS
from yantuan.fulfilment.imports.states import ROLES as IMPORT_ROLES
from yantuan.kernel.states import Machine
from yantuan.leaders.states import CERTIFICATION
from yantuan.orders.states import AFTERSALE, DELIVERY, PAYMENT
from yantuan.shipinfo.states import MEANINGS as SHIPPING_MEANINGS
from yantuan.shipinfo.states import ROLES as SHIPPING_ROLES
from yantuan.shipinfo.states import SHIPPING
from yantuan.splits.states import RETURN, RETURN_MEANINGS, RETURN_ROLES, SPLIT, SPLIT_MEANINGS, SPLIT_ROLES
from yantuan.teams.states import MEANINGS as TEAM_MEANINGS
from yantuan.teams.states import ROLES as TEAM_ROLES
from yantuan.teams.states import TEAM


@dataclass(frozen=True)
class Chapter:
    """One machine with its title, who takes which event, and what the events mean."""

    machine: Machine
    title: str
    roles: Mapping[str, str]
    events: Mapping[str, str]


_WHO = {
    "buyer": "团员 buyer",
    "leader": "团长 leader",
    "operator": "平台 operator",
    "system": "系统 system",
    "provider": "支付渠道 provider",
    "buyer/leader/system": "团员、团长或系统 any",
    "provider/leader": "支付渠道或团长 provider or leader",
    "provider/leader/system": "支付渠道、团长或系统 provider, leader or system",
    "buyer/system": "团员或系统 buyer or system",
    "leader/system": "团长或系统 leader or system",
    "operator/system": "平台或系统 operator or system",
}

PAYMENT_ROLES = {
    "submit_proof": "buyer",
    "pay": "provider/leader",
    "reject_proof": "leader",
    "close": "buyer/leader/system",
    "pay_late": "provider/leader",
    "refund_part": "provider/leader/system",
    "refund_all": "provider/leader/system",
}
DELIVERY_ROLES = {
    "ship_part": "leader",
    "ship_all": "leader/system",
    "withdraw_part": "leader",
    "withdraw_all": "leader",
    "receive": "buyer/system",
    "await_pickup": "system",
    "pick_part": "leader",
    "pick_all": "leader/system",
    "unpick_part": "leader",
    "unpick_all": "leader",
}
AFTERSALE_ROLES = {"open": "buyer", "settle": "system"}
CERTIFICATION_ROLES = {"send": "leader", "approve": "operator", "reject": "operator"}

CHAPTERS = (
    Chapter(
        PAYMENT,
        "订单 · 支付 Order: payment",
        PAYMENT_ROLES,
        {
            "submit_proof": "提交线下付款凭证 offline proof sent",
            "pay": "到账 money received",
            "reject_proof": "未收到款 proof rejected",
            "close": "取消或超时 cancelled or expired",
            "pay_late": "关闭后到账，重新锁定库存 late money, stock reserved again",
            "refund_part": "部分退款到账 part refunded",
            "refund_all": "全部退款到账 all refunded",
        },
    ),
    Chapter(
        DELIVERY,
        "订单 · 配送 Order: delivery",
        DELIVERY_ROLES,
        {
            "ship_part": "发出一部分 some pieces shipped",
            "ship_all": "全部发出（其余已退款时也算） all pieces shipped, or the rest refunded",
            "withdraw_part": "撤回一个包裹 one parcel withdrawn",
            "withdraw_all": "撤回全部包裹 all parcels withdrawn",
            "receive": "确认收货或到期 received, or due",
            "await_pickup": "可以自提 ready for pick-up",
            "pick_part": "领走一部分 some pieces handed out",
            "pick_all": "全部领走 all pieces handed out",
            "unpick_part": "撤回部分核销 part of the hand-outs undone",
            "unpick_all": "撤回全部核销 all hand-outs undone",
        },
    ),
    Chapter(
        AFTERSALE,
        "订单 · 售后 Order: after-sales",
        AFTERSALE_ROLES,
        {"open": "有售后单在处理 a case was opened", "settle": "没有未结的售后单了 no case is open any more"},
    ),
    Chapter(
        CASE,
        "售后单 After-sale case",
        CASE_ROLES,
        {
            "agree": "同意退款 agree to the refund",
            "agree_return": "同意退货，给出地址 agree to the return",
            "offer": "提出较低金额 offer less",
            "refuse": "拒绝（必填理由） refuse with a reason",
            "receive_return": "收到退货 goods are back",
            "accept_offer": "接受方案 take the offer",
            "return_parcel": "填写退货运单 goods sent back",
            "withdraw": "撤销申请 withdraw",
            "escalate": "申请平台介入 ask the platform",
            "decide_refund": "裁定退款 decide to refund",
            "decide_refuse": "裁定不退 decide not to refund",
            "allow": "团长设定的小额规则之内 within the leader's rule for small claims",
            "auto_agree": "未发货的仅退款，团长超时 leader silent, nothing shipped",
            "auto_receive": "退货后团长超时 leader silent after the return",
            "auto_escalate": "团长超时，转平台 leader silent, to the platform",
            "close": "团员超时，或已由其他退款退清 buyer silent, or refunded elsewhere",
            "refund_done": "退款到账 money is back",
        },
    ),
    Chapter(TEAM, "拼团 Team", TEAM_ROLES, TEAM_MEANINGS),
    Chapter(IMPORT, "批量发货表格 Sheet of tracking numbers", IMPORT_ROLES, IMPORT_MEANINGS),
    Chapter(GOODS_IMPORT, "商品导入表格 Sheet of goods", GOODS_ROLES, GOODS_MEANINGS),
    Chapter(SHIPPING, "微信发货信息 Shipping information at WeChat", SHIPPING_ROLES, SHIPPING_MEANINGS),
    Chapter(SPLIT, "分账单 Profit sharing", SPLIT_ROLES, SPLIT_MEANINGS),
    Chapter(RETURN, "分账回退 Share taken back", RETURN_ROLES, RETURN_MEANINGS),
    Chapter(
        CERTIFICATION,
        "团长认证 Certification",
        CERTIFICATION_ROLES,
        {"send": "提交资料 send papers", "approve": "通过 approve", "reject": "驳回 reject"},
    ),
)

_HEAD = """# 状态与流转 States

这一页由程序里的状态表生成：`python -m yantuan.commands.states > docs/states.md`。
表里没有的流转一律拒绝（409 `illegal_transition`），什么都不改；同一动作重复一次，结果不变。

This page is generated from the tables the product runs on. Whatever a table doesn't list is refused and changes nothing;
the same step again answers as before. An order has three axes of its own, never one mixed status; the label people read
is computed from them.
"""


def render() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *(_chapter(chapter) for chapter in CHAPTERS)])


def _chapter(chapter: Chapter) -> str:
    machine = chapter.machine
    lines = [f"## {chapter.title}", ""]
    lines += ["| 状态 state | 含义 meaning | 之后 next |", "|---|---|---|"]
    for state in machine.states:
        after = sorted(set(machine.edges.get(state, {}).values()) - {state})
        ends = ", ".join(f"`{name}`" for name in after) or "终态 final"
        lines.append(f"| `{state}` | {machine.labels[state]} | {ends} |")
    lines += ["", "| 从 from | 动作 event | 说明 meaning | 谁 who | 到 to |", "|---|---|---|---|---|"]
    for state in machine.states:
        for event, target in machine.edges.get(state, {}).items():
            who = _WHO[chapter.roles[event]]
            lines.append(f"| `{state}` | `{event}` | {chapter.events[event]} | {who} | `{target}` |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(render())
