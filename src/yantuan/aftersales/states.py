"""An after-sale case as data: its states, legal edges, who may take them, and what people read."""

from __future__ import annotations

from typing import Final, Literal

from yantuan.kernel.states import Machine

Role = Literal["buyer", "leader", "operator", "system"]

CASE = Machine(
    "case",
    {
        "requested": {
            "agree": "agreed",
            "agree_return": "awaiting_return",
            "offer": "offered",
            "refuse": "refused",
            "withdraw": "withdrawn",
            "allow": "agreed",
            "auto_agree": "agreed",
            "auto_escalate": "escalated",
            "close": "closed",
        },
        "offered": {
            "offer": "offered",
            "accept_offer": "agreed",
            "agree": "agreed",
            "agree_return": "awaiting_return",
            "refuse": "refused",
            "withdraw": "withdrawn",
            "escalate": "escalated",
            "close": "closed",
        },
        "awaiting_return": {
            "return_parcel": "returning",
            "receive_return": "agreed",
            "withdraw": "withdrawn",
            "close": "closed",
        },
        "returning": {
            "return_parcel": "returning",
            "receive_return": "agreed",
            "refuse": "refused",
            "auto_receive": "agreed",
            "auto_escalate": "escalated",
        },
        "refused": {"escalate": "escalated", "withdraw": "withdrawn", "close": "closed"},
        "escalated": {
            "agree": "agreed",
            "agree_return": "awaiting_return",
            "decide_refund": "agreed",
            "decide_refuse": "closed",
            "withdraw": "withdrawn",
            "close": "closed",
        },
        "agreed": {"refund_done": "refunded"},
        "refunded": {},
        "withdrawn": {},
        "closed": {},
    },
    {
        "requested": "待团长处理",
        "offered": "待买家确认方案",
        "awaiting_return": "待买家退货",
        "returning": "待团长收货",
        "agreed": "退款中",
        "refunded": "退款成功",
        "refused": "团长已拒绝",
        "escalated": "平台介入中",
        "withdrawn": "买家已撤销",
        "closed": "已关闭",
    },
)

ENDED: Final = frozenset({"refunded", "withdrawn", "closed"})
"""Nothing more can happen; the lines are free for a new case."""
UNDECIDED: Final = frozenset({"requested", "offered", "escalated"})
"""Money is asked for and not decided: pieces that haven't left stay where they are."""

ROLES: Final[dict[str, Role]] = {
    "agree": "leader",
    "agree_return": "leader",
    "offer": "leader",
    "refuse": "leader",
    "receive_return": "leader",
    "accept_offer": "buyer",
    "return_parcel": "buyer",
    "withdraw": "buyer",
    "escalate": "buyer",
    "decide_refund": "operator",
    "decide_refuse": "operator",
    "allow": "system",
    "auto_agree": "system",
    "auto_receive": "system",
    "auto_escalate": "system",
    "close": "system",
    "refund_done": "system",
}
"""Who may take an edge."""

ANNOUNCED: Final[dict[str, str]] = {
    "agree_return": "agree",
    "decide_refund": "decide",
    "decide_refuse": "decide",
    "auto_receive": "auto_agree",
    "refund_done": "refunded",
}
"""Names of events in `aftersale.changed` where they differ from the edge's."""


def actions_for(state: str, role: Role) -> list[str]:
    """Words of what a viewer may do now, the main one first; `agree` stands for both kinds of agreement."""
    order = (
        "agree", "receive_return", "offer", "refuse", "accept_offer", "return_parcel", "escalate", "withdraw"
    )  # fmt: skip
    return [word for word in order if ROLES[word] == role and CASE.allows(state, word)]


def targets(event: str) -> frozenset[str]:
    """States an event leads to: finding a case there means that it was done before."""
    return frozenset(row[event] for row in CASE.edges.values() if event in row)
