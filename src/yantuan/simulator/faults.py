"""Misbehaviour that can be ordered: what exists, and who takes it when."""

from dataclasses import dataclass
from typing import Any

from yantuan.simulator.errors import ControlError


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`group` says where it bites; `seconds`/`value` are used when the order for it names none."""

    code: str
    group: str
    title: str
    title_en: str
    seconds: float | None = None
    value: str | None = None


KINDS: dict[str, FaultKind] = {
    kind.code: kind
    for kind in (
        FaultKind("notice_duplicate", "notice", "通知重复投递", "The notice is delivered twice"),
        FaultKind("notice_parallel", "notice", "两条通知同时到达", "Two copies arrive at the same moment"),
        FaultKind("notice_before_answer", "notice", "通知先于接口应答", "The notice overtakes the answer"),
        FaultKind("notice_none", "notice", "通知永不送达", "The notice is never sent"),
        FaultKind("notice_delayed", "notice", "通知延迟", "The notice is late", seconds=30),
        FaultKind("notice_bad_signature", "notice", "通知签名错误", "The notice is badly signed"),
        FaultKind("notice_unsigned", "notice", "通知没有签名头", "The notice has no signature headers"),
        FaultKind("notice_signtest", "notice", "签名探测 SIGNTEST", "A probe first, then the real notice"),
        FaultKind("notice_wrong_serial", "notice", "通知证书序列号未知", "The notice names an unknown key"),
        FaultKind(
            "notice_old_timestamp", "notice", "通知时间戳过旧", "The notice is 6 minutes old", seconds=360
        ),
        FaultKind("notice_bad_ciphertext", "notice", "通知密文无法解密", "The notice cannot be decrypted"),
        FaultKind(
            "notice_wrong_amount", "notice", "通知金额不符", "The amount is off by `value` fen", value="1"
        ),
        FaultKind("notice_wrong_currency", "notice", "通知币种不符", "The currency is `value`", value="USD"),
        FaultKind("notice_foreign_mchid", "notice", "通知来自其他商户号", "Another merchant's notice"),
        FaultKind(
            "notice_foreign_sub_mchid", "notice", "通知来自其他特约商户", "Another sub-merchant's notice"
        ),
        FaultKind("notice_foreign_appid", "notice", "通知来自其他 AppID", "Another app's notice"),
        FaultKind("notice_unknown_order", "notice", "通知的订单号不存在", "The order number is unknown"),
        FaultKind("notice_trade_state", "notice", "通知状态非成功", "The state is `value`", value="NOTPAY"),
        FaultKind("answer_system_error", "answer", "已受理却返回系统错误", "Work done, answer SYSTEM_ERROR"),
        FaultKind(
            "answer_system_error_before", "answer", "未受理并返回系统错误", "SYSTEM_ERROR, nothing done"
        ),
        FaultKind("answer_slow", "answer", "应答很慢", "The answer takes `seconds`", seconds=10),
        FaultKind("answer_cut", "answer", "应答中途断线", "The connection drops within the answer"),
        FaultKind("answer_garbage", "answer", "返回乱码且无签名", "An unsigned 200 that is not JSON"),
        FaultKind("answer_unsigned", "answer", "应答没有签名", "A correct answer without signature"),
        FaultKind("answer_bad_signature", "answer", "应答签名错误", "A correct answer, badly signed"),
        FaultKind("answer_signtest", "answer", "应答为签名探测", "A correct answer with a probe signature"),
        FaultKind("answer_wrong_serial", "answer", "应答证书序列号未知", "The answer names an unknown key"),
        FaultKind("rate_limited", "answer", "频率超限 429", "429 FREQUENCY_LIMITED, nothing done"),
        FaultKind("paid_before_close", "trade", "关单前恰好付款", "The buyer pays just before the close"),
        FaultKind("refund_abnormal", "trade", "退款异常 ABNORMAL", "The refund ends ABNORMAL"),
        FaultKind("refund_closed", "trade", "退款关闭 CLOSED", "The refund ends CLOSED"),
        FaultKind("refund_not_enough", "trade", "商户余额不足", "403 NOT_ENOUGH"),
        FaultKind("refund_slow", "trade", "退款处理很久", "PROCESSING for `seconds`", seconds=60),
        FaultKind(
            "share_failed",
            "trade",
            "分账给某方失败",
            "The shares end CLOSED for `value`",
            value="NO_RELATION",
        ),
        FaultKind("share_not_enough", "trade", "可分账余额不足", "A share answers 403 NOT_ENOUGH"),
        FaultKind("share_slow", "trade", "分账处理很久", "A share is PROCESSING for `seconds`", seconds=60),
        FaultKind(
            "share_return_failed",
            "trade",
            "分账回退失败",
            "The return FAILED for `value`",
            value="BALANCE_NOT_ENOUGH",
        ),
        FaultKind(
            "share_return_slow",
            "trade",
            "分账回退处理很久",
            "A return is PROCESSING for `seconds`",
            seconds=60,
        ),
        FaultKind("bill_wrong_hash", "trade", "账单哈希不符", "The bill's hash is wrong"),
        FaultKind("bill_row_missing", "trade", "账单缺一笔", "The bill lacks the order named"),
        FaultKind(
            "bill_row_amount", "trade", "账单金额不符", "The bill's amount is off by `value`", value="1"
        ),
        FaultKind("wechat_token_expired", "wechat", "access_token 失效 40001", "40001, the token is dead"),
        FaultKind("wechat_quota", "wechat", "接口配额用尽 45009", "45009 quota reached"),
        FaultKind("wechat_busy", "wechat", "微信系统繁忙 -1", "-1 system busy"),
        FaultKind("wechat_slow", "wechat", "微信接口很慢", "The answer takes `seconds`", seconds=10),
        FaultKind(
            "wechat_code",
            "wechat",
            "微信接口返回错误码",
            "An answer with `value`: a code, or code and words (40164:invalid ip 203.0.113.9)",
            value="45009",
        ),
        FaultKind("wechat_unpublished", "wechat", "小程序未发布", "The page is not published"),
        FaultKind(
            "wechat_quota_low", "wechat", "接口额度查询显示用尽", "quota/get says that nothing is left"
        ),
        FaultKind("link_quota", "wechat", "链接生成额度用尽", "44993 no more links today"),
        FaultKind("card_not_visible", "wechat", "服务卡片查不到支付单 85437", "85437, not indexed yet"),
        FaultKind("subscribe_refused", "wechat", "用户拒收订阅消息 43101", "43101 not accepted"),
        FaultKind(
            "payment_not_visible",
            "wechat",
            "发货管理还查不到支付单 10060001",
            "10060001, the payment is not indexed yet",
        ),
        FaultKind(
            "shipping_refused",
            "wechat",
            "发货信息被拒绝",
            "upload_shipping_info answers `value`",
            value="10060012",
        ),
        FaultKind("wecom_limited", "wechat", "企业微信频率超限 45009", "45009 by the robot"),
        FaultKind("sms_limited", "wechat", "短信流控", "isv.BUSINESS_LIMIT_CONTROL"),
        FaultKind("kuaidi100_query", "courier", "快递100 查询失败", "A query answers `value`", value="500"),
        FaultKind(
            "kuaidi100_subscribe",
            "courier",
            "快递100 订阅失败",
            "A subscription answers `value`",
            value="500",
        ),
        FaultKind("kdniao", "courier", "快递鸟拒绝", "kdniao says `value`", value="没有可用套餐"),
        FaultKind("sms_down", "wechat", "短信网关 503", "The SMS gateway answers 503"),
        FaultKind("smtp_refused", "wechat", "邮件临时拒收 451", "The mail server answers 451"),
    )
}
GROUPS = {
    "notice": "支付通知",
    "answer": "支付接口应答",
    "trade": "交易与退款",
    "wechat": "微信、短信与消息",
    "courier": "物流查询",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as taken: `seconds` and `value` are already filled in from the kind."""

    kind: str
    seconds: float
    value: str


@dataclass(slots=True)
class _Ordered:
    id: int
    kind: FaultKind
    times_left: int | None
    out_trade_no: str | None
    operation: str | None
    seconds: float | None
    value: str | None
    used: int = 0

    def fits(self, kind: str, out_trade_no: str | None, operation: str | None) -> bool:
        return (
            self.kind.code == kind
            and self.times_left != 0
            and self.out_trade_no in (None, out_trade_no)
            and self.operation in (None, operation)
        )


class FaultBoard:
    """The ordered faults. `take` hands one out and counts it down.

    Kept in memory and not in the database: a fault that makes an action fail must stay used up although the
    action's transaction is rolled back.
    """

    def __init__(self) -> None:
        self._ordered: list[_Ordered] = []
        self._last_id = 0

    def order(
        self,
        kind: str,
        times: int | None = 1,
        out_trade_no: str | None = None,
        operation: str | None = None,
        seconds: float | None = None,
        value: str | None = None,
    ) -> int:
        """Order `kind` for the next `times` occasions (None: until cleared); returns its number.

        `out_trade_no` and `operation` narrow it down. Raises ControlError for an unknown kind or number.
        """
        if kind not in KINDS:
            raise ControlError(
                "fault_unknown", "没有这种故障", "There is no such fault", 400, {"kinds": sorted(KINDS)}
            )
        if times is not None and times < 1:
            raise ControlError("times_invalid", "次数至少为 1", "times must be at least 1")
        self._last_id += 1
        self._ordered.append(
            _Ordered(self._last_id, KINDS[kind], times, out_trade_no, operation, seconds, value)
        )
        return self._last_id

    def take(self, kind: str, out_trade_no: str | None = None, operation: str | None = None) -> Fault | None:
        """The oldest ordered fault of `kind` that fits, used up once; None when there is none."""
        for ordered in self._ordered:
            if not ordered.fits(kind, out_trade_no, operation):
                continue
            ordered.used += 1
            if ordered.times_left is not None:
                ordered.times_left -= 1
            seconds = ordered.kind.seconds if ordered.seconds is None else ordered.seconds
            value = ordered.kind.value if ordered.value is None else ordered.value
            return Fault(kind, seconds or 0.0, value or "")
        return None

    def listed(self) -> list[dict[str, Any]]:
        """Newest first, used-up ones included."""
        return [
            {
                "id": ordered.id,
                "kind": ordered.kind.code,
                "title": ordered.kind.title,
                "times_left": ordered.times_left,
                "used": ordered.used,
                "active": ordered.times_left != 0,
                "out_trade_no": ordered.out_trade_no,
                "operation": ordered.operation,
            }
            for ordered in reversed(self._ordered[-200:])
        ]

    def clear(self, kind: str | None = None) -> None:
        """Forget every fault, or those of one kind."""
        self._ordered = [ordered for ordered in self._ordered if kind not in (None, ordered.kind.code)]
