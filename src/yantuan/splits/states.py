"""What becomes of an order's frozen money, and of a share that is taken back, as data."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.states import Machine

SPLIT = Machine(
    "split",
    {
        "planned": {"share": "sharing", "free": "freeing", "close": "freed"},
        "sharing": {"finish": "done", "nobody": "freed", "refuse": "trouble"},
        "trouble": {"retry": "planned", "free": "freeing"},
        "freeing": {"freed": "freed"},
        "done": {},
        "freed": {},
    },
    {
        "planned": "待分账",
        "sharing": "分账中",
        "trouble": "分账异常",
        "freeing": "解冻中",
        "done": "已分账",
        "freed": "已解冻",
    },
)
SPLIT_ROLES: Final = {
    "share": "system",
    "free": "operator/system",
    "close": "system",
    "finish": "provider",
    "nobody": "provider",
    "refuse": "provider",
    "retry": "operator",
    "freed": "provider",
}
SPLIT_MEANINGS: Final = {
    "share": "售后期已过，按约定比例分账，其余解冻 protection is over: shared, the rest set free",
    "free": "不分账，全部解冻 nothing is shared, all set free",
    "close": "已全部退款，没有可解冻的 all was refunded, nothing is frozen",
    "finish": "至少一个接收方到账 at least one receiver has its part",
    "nobody": "没有一个接收方到账，货款已解冻 no receiver got anything, the money is free",
    "refuse": "微信支付没有接受分账 the share was refused",
    "retry": "平台重新分账 to be shared again",
    "freed": "货款已解冻给商户 the money is the merchant's own",
}

RETURN = Machine(
    "split_return",
    {
        "created": {"accept": "processing", "succeed": "succeeded", "fail": "failed"},
        "processing": {"succeed": "succeeded", "fail": "failed"},
        "failed": {"again": "replaced", "waive": "waived"},
        "succeeded": {},
        "replaced": {},
        "waived": {},
    },
    {
        "created": "待收回",
        "processing": "收回中",
        "succeeded": "已收回",
        "failed": "收回失败",
        "replaced": "已换单号再收回",
        "waived": "不再收回",
    },
)
RETURN_ROLES: Final = {
    "accept": "provider",
    "succeed": "provider",
    "fail": "provider",
    "again": "operator/system",
    "waive": "operator/system",
}
RETURN_MEANINGS: Final = {
    "accept": "微信支付处理中 under way",
    "succeed": "分账已回到商户账户 the share is back with the merchant",
    "fail": "接收方没能退回 the receiver could not give it back",
    "again": "用新的单号再收回 another try under a new number",
    "waive": "不再等收回，直接退款 the refund goes without it",
}

OPEN: Final = frozenset({"planned", "sharing", "trouble", "freeing"})
"""Money may still be frozen."""
LOST: Final = frozenset({"failed", "replaced"})
"""Tries to take a share back that brought nothing."""
BUSY: Final = frozenset({"planned", "sharing", "freeing"})
"""Work goes on by itself."""

WHY: Final[dict[str, str]] = {
    "refunded": "已全部退款",
    "zero": "按比例不足一分",
    "ended": "分账约定已终止",
    "late": "临近微信支付的 30 天期限，仍有售后或未收货",
    "closed": "接收方没有收到",
    "given_up": "放弃分账",
    "lapsed": "微信支付到期自动解冻",
}
"""Why nothing was shared."""

TROUBLES: Final[dict[str, tuple[str, str]]] = {
    "not_enough": (
        "可分金额不足：订单可能有未入账的退款，或余额已被使用",
        "Less is left of the order than was to be shared.",
    ),
    "not_allowed": (
        "没有分账权限：请商户在商户平台「产品中心」开通分账并授权给服务商",
        "The merchant has not granted profit sharing to the partner.",
    ),
    "not_found": ("微信支付没有找到这笔订单", "WeChat Pay knows no such order."),
    "broke_a_rule": (
        "微信支付的规则不允许：核对分账比例上限、接收方和订单时间",
        "A rule of WeChat Pay forbids it: ratio, receiver or time.",
    ),
    "relation": ("接收方与商户的关系没有建立", "The receiver was not added."),
    "name": ("接收方名称或姓名与微信支付登记的不一致", "The receiver's registered name differs."),
    "other": ("微信支付没有接受", "WeChat Pay refused."),
}
"""What stands in the way: Chinese and English."""

FAILURES: Final[dict[str, str]] = {
    "ACCOUNT_ABNORMAL": "接收方账户异常",
    "NO_RELATION": "与接收方的分账关系已解除",
    "RECEIVER_HIGH_RISK": "接收方被列为高风险",
    "RECEIVER_REAL_NAME_NOT_VERIFIED": "接收方没有实名",
    "NO_AUTH": "没有权限",
    "RECEIVER_RECEIPT_LIMIT": "接收方本月收款已达上限",
    "PAYER_ACCOUNT_ABNORMAL": "出资方账户异常",
    "INVALID_REQUEST": "请求不符合规则",
    "BALANCE_NOT_ENOUGH": "接收方余额不足",
    "TIME_OUT_CLOSED": "超时关闭",
    "TOO_LATE": "分账已超过 180 天，不能再收回",
    "TOO_OFTEN": "这笔分账已收回过 50 次，不能再收回",
}
"""The platform's (or our) reason for a part or a return that failed, in words."""
