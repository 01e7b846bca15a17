"""What WeChat knows of one payment's shipping, as data; and what a leader reads and may do about each trouble."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.states import Machine

_ACCEPT = {"accept_part": "sent", "accept": "done", "accept_again": "corrected"}
_END = {"close": "closed", "settle": "settled"}

SHIPPING = Machine(
    "shipping_info",
    {
        "unshipped": {"ship": "waiting", "exempt": "not_needed", **_END},
        "not_needed": {"include": "unshipped", **_END},
        "waiting": {
            "unship": "unshipped",
            "exempt": "not_needed",
            "no_carrier": "carrier_unknown",
            "refuse": "failed",
            "ask": "changed",
            **_ACCEPT,
            **_END,
        },
        "carrier_unknown": {"ship": "waiting", "unship": "unshipped", "ask": "changed", **_ACCEPT, **_END},
        "failed": {
            "ship": "waiting",
            "unship": "unshipped",
            "exempt": "not_needed",
            "ask": "changed",
            **_ACCEPT,
            **_END,
        },
        "sent": {"ship": "waiting", **_END},
        "done": {"ask": "changed", **_END},
        "changed": {"ship": "waiting", "accept": "done", "accept_again": "corrected", **_END},
        "corrected": _END,
        "settled": {},
        "closed": {},
    },
    {
        "unshipped": "待发货",
        "not_needed": "无需上传",
        "waiting": "待上传",
        "carrier_unknown": "快递公司待确认",
        "failed": "上传失败",
        "sent": "已上传部分包裹",
        "done": "已上传",
        "changed": "待确认更正",
        "corrected": "已更正",
        "settled": "已结算",
        "closed": "已退款",
    },
)

ROLES: Final = {
    "ship": "leader/system",
    "unship": "leader",
    "include": "system",
    "exempt": "system",
    "accept_part": "provider",
    "accept": "provider",
    "accept_again": "provider",
    "no_carrier": "system",
    "refuse": "provider",
    "ask": "leader",
    "close": "system",
    "settle": "provider",
}
MEANINGS: Final = {
    "ship": "发了货，或团长重试、确认更正 shipped, tried again, or the correction agreed to",
    "unship": "上传前撤回了全部包裹 everything withdrawn before it was told",
    "include": "小程序开始要求发货信息 the mini-program came under the rule",
    "exempt": "小程序不要求发货信息 the mini-program is not under the rule",
    "accept_part": "微信收下，还有包裹 taken, more parcels follow",
    "accept": "微信收下，已全部发出 taken, all shipped",
    "accept_again": "微信收下更正，机会已用 correction taken, the chance is used",
    "no_carrier": "微信不认识这家快递 the carrier is not on the platform's list",
    "refuse": "微信拒绝 refused",
    "ask": "团长改了单号，等确认 the number was changed, to be agreed to",
    "close": "订单全部退款 all refunded",
    "settle": "货款已结算 the money was let go",
}

UPLOADED: Final = frozenset({"done", "changed", "corrected"})
"""The platform knows that everything was shipped; its buyer may confirm."""
OPEN: Final = frozenset(
    {"unshipped", "waiting", "carrier_unknown", "failed", "sent", "done", "changed", "corrected"}
)
TROUBLE: Final = frozenset({"carrier_unknown", "failed", "changed"})
"""The leader has something to do."""

ADVICE: Final[dict[str, str]] = {
    "carrier_unknown": "微信不认识这家快递公司，请在包裹里点「改单号」，改选一家快递公司",
    "not_visible": "微信查不到这笔支付，请确认是在本小程序里付的款；过一会儿再点「重试」",
    "not_shippable": "微信说这笔支付现在不能发货（可能已退款），请核对订单",
    "openid": "付款人与微信记录不一致，请联系平台处理",
    "invalid": "内容不符合微信的要求，请检查运单号和快递公司后重试",
    "platform": "微信没有接受（小程序权限或设置问题），请联系平台处理",
    "changed": "运单改了。微信每笔支付只能更正一次，确认无误后点「更正到微信」",
    "chance_used": "微信的更正机会已经用过，微信里仍是上一次的单号；请直接告诉买家新单号",
    "finished": "买家已在微信确认收货，微信里的单号不能再改",
    "slow": "微信暂时没有回应，系统会自动重试",
    "indexing": "微信还没查到这笔支付，系统会自动重试",
}
"""Code of a trouble → what the leader reads: what happened and what to do."""
