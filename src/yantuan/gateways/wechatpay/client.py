"""WeChat Pay APIv3: paying, asking, closing, giving back, for a direct merchant or for a partner's sub-merchant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import quote, urlencode, urlsplit

import httpx

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable, GatewayUnverified
from yantuan.gateways.http import HttpCaller
from yantuan.gateways.wechatpay import bodies
from yantuan.gateways.wechatpay.bills import BILL_BYTES, TradeBill, check_hash, parse_trade_bill, unpack
from yantuan.gateways.wechatpay.fields import Fields, Malformed
from yantuan.gateways.wechatpay.keys import KnownKeys
from yantuan.gateways.wechatpay.line import Line
from yantuan.gateways.wechatpay.models import (
    NOT_FOUND_CODES,
    ORDER_CLOSED_CODES,
    ORDER_PAID_CODES,
    CloseOutcome,
    H5Prepay,
    JsapiPrepay,
    NativePrepay,
    PayParams,
    PrepayOrder,
    RefundOrder,
    RefundResult,
    Transaction,
)
from yantuan.gateways.wechatpay.notice import Notice
from yantuan.gateways.wechatpay.settings import SubMerchant, WeChatPaySettings
from yantuan.gateways.wechatpay.transport import POLICY, PROVIDER, new_nonce
from yantuan.kernel import clock

PREPAY_LIFE = timedelta(hours=2)
H5_LIFE = timedelta(minutes=5)

BillType = Literal["ALL", "SUCCESS", "REFUND"]


class PayGateway(Protocol):
    """What the trade needs of a payment provider. Every method may raise the GatewayError family."""

    def build_jsapi(self, order: PrepayOrder) -> bytes: ...
    def build_h5(self, order: PrepayOrder) -> bytes: ...
    def build_native(self, order: PrepayOrder) -> bytes: ...
    def build_refund(self, order: RefundOrder) -> bytes: ...
    def prepay_jsapi(self, body: bytes) -> JsapiPrepay: ...
    def prepay_h5(self, body: bytes) -> H5Prepay: ...
    def prepay_native(self, body: bytes) -> NativePrepay: ...
    def jsapi_pay_params(self, prepay_id: str, *, appid: str) -> PayParams: ...
    def query_by_out_trade_no(self, out_trade_no: str) -> Transaction | None: ...
    def query_by_transaction_id(self, transaction_id: str) -> Transaction | None: ...
    def close(self, out_trade_no: str) -> CloseOutcome: ...
    def refund(self, body: bytes) -> RefundResult: ...
    def query_refund(self, out_refund_no: str) -> RefundResult | None: ...
    def trade_bill(self, day: date, bill_type: BillType = "ALL") -> TradeBill | None: ...
    def parse_notice(self, headers: Mapping[str, str], body: bytes) -> Notice: ...

    def check_notice(self, headers: Mapping[str, str], body: bytes) -> None: ...


class WeChatPayClient:
    """Thread-safe; make one per merchant account and keep it.

    Bodies are built first (`build_*`, to be stored with the attempt) and sent as given, so that a repeat
    after an unknown result sends identical bytes. No method may be called inside a database transaction.
    With a `sub_mchid` in the settings, or made by `for_sub_merchant`, it speaks partner mode (服务商); the verbs and
    records are the same.
    """

    def __init__(
        self,
        settings: WeChatPaySettings,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
        nonce: Callable[[], str] = new_nonce,
        http: HttpCaller | None = None,
    ) -> None:
        self._use(Line(settings, transport=transport, now=now, nonce=nonce, http=http), settings.sub_merchant)

    def _use(self, line: Line, sub: SubMerchant | None) -> None:
        self._line, self._sub, self._mchid = line, sub, line.mchid
        self._http, self._caller, self._keys = line.http, line.caller, line.keys
        self._trade = "/v3/pay/partner/transactions" if sub else "/v3/pay/transactions"

    def for_sub_merchant(self, sub: SubMerchant) -> WeChatPayClient:
        """A client for one of this partner's sub-merchants; it shares connections and keys with this one.

        Cheap. `shutdown` of either closes both.
        """
        made = WeChatPayClient.__new__(WeChatPayClient)
        made._use(self._line, sub)
        return made

    @property
    def mchid(self) -> str:
        """The merchant number every answer and notice must name (a partner's own)."""
        return self._mchid

    @property
    def sub_mchid(self) -> str:
        """The sub-merchant's number in partner mode, else empty."""
        return self._sub.sub_mchid if self._sub else ""

    @property
    def sub_merchant(self) -> SubMerchant | None:
        """The sub-merchant this client speaks for, if any."""
        return self._sub

    @property
    def line(self) -> Line:
        """The line under this client, for the other clients of the same account (sharing, onboarding)."""
        return self._line

    def shutdown(self) -> None:
        """Close the connections."""
        self._http.close()

    # Bodies

    def build_jsapi(self, order: PrepayOrder) -> bytes:
        """Exact bytes of a JSAPI / mini-program prepay. Raises GatewayInvalid."""
        return bodies.jsapi_body(order, self._mchid, self._sub)

    def build_h5(self, order: PrepayOrder) -> bytes:
        """Exact bytes of an H5 prepay. Raises GatewayInvalid."""
        return bodies.h5_body(order, self._mchid, self._sub)

    def build_native(self, order: PrepayOrder) -> bytes:
        """Exact bytes of a Native prepay. Raises GatewayInvalid."""
        return bodies.native_body(order, self._mchid, self._sub)

    def build_refund(self, order: RefundOrder) -> bytes:
        """Exact bytes of a refund. Raises GatewayInvalid."""
        return bodies.refund_body(order, self._sub)

    # Paying

    def prepay_jsapi(self, body: bytes) -> JsapiPrepay:
        """Announce an order to be paid inside WeChat.

        A number already paid is refused (ORDER_PAID_CODES, NUMBER_USED_CODES).
        """
        return JsapiPrepay(self._prepay("jsapi", body, "prepay_id"), self._caller.now() + PREPAY_LIFE)

    def prepay_h5(self, body: bytes) -> H5Prepay:
        """Announce an order to be paid from a browser outside WeChat."""
        return H5Prepay(self._prepay("h5", body, "h5_url"), self._caller.now() + H5_LIFE)

    def prepay_native(self, body: bytes) -> NativePrepay:
        """Announce an order to be paid by scanning a code."""
        return NativePrepay(self._prepay("native", body, "code_url"), self._caller.now() + PREPAY_LIFE)

    def jsapi_pay_params(self, prepay_id: str, *, appid: str) -> PayParams:
        """What the buyer's WeChat needs to open the pay sheet; made fresh for each press of "pay".

        `appid` is the app whose openid the order names (in partner mode perhaps the sub-merchant's).
        """
        timestamp, nonce = int(self._caller.now().timestamp()), self._caller.nonce()
        return PayParams(
            appId=appid,
            timeStamp=str(timestamp),
            nonceStr=nonce,
            package=f"prepay_id={prepay_id}",
            signType="RSA",
            paySign=self._caller.signer.pay_sign(appid, prepay_id, timestamp=timestamp, nonce=nonce),
        )

    # Asking and closing

    def query_by_out_trade_no(self, out_trade_no: str) -> Transaction | None:
        """The order under our number, or None if WeChat Pay never heard of it."""
        number = quote(bodies.check_trade_no(out_trade_no), safe="")
        found = self._line.find(
            f"{self._trade}/out-trade-no/{number}?{urlencode(self._names())}", Transaction.read
        )
        return self._belongs(found, found is None or found.out_trade_no == out_trade_no)

    def query_by_transaction_id(self, transaction_id: str) -> Transaction | None:
        """The order under WeChat Pay's number, or None."""
        number = quote(transaction_id, safe="")
        found = self._line.find(f"{self._trade}/id/{number}?{urlencode(self._names())}", Transaction.read)
        return self._belongs(found, found is None or found.transaction_id == transaction_id)

    def close(self, out_trade_no: str) -> CloseOutcome:
        """Close an unpaid order for good. PAID asks for a query; closing twice is CLOSED twice."""
        number = quote(bodies.check_trade_no(out_trade_no), safe="")
        body = bodies.encode(self._names())
        try:
            self._caller.call("POST", f"{self._trade}/out-trade-no/{number}/close", self._keys, body)
        except GatewayRefused as refusal:
            if refusal.provider_code in ORDER_PAID_CODES:
                return CloseOutcome.PAID
            if refusal.provider_code in ORDER_CLOSED_CODES:
                return CloseOutcome.CLOSED
            if refusal.provider_code in NOT_FOUND_CODES:
                return CloseOutcome.NOT_FOUND
            raise
        return CloseOutcome.CLOSED

    # Giving back

    def refund(self, body: bytes) -> RefundResult:
        """Ask for a refund, or again for the same one.

        Acceptance is not success: see the state, the notice or a query.
        """
        if self._sub and self._sub.ecommerce:
            return self._line.ask("POST", "/v3/ecommerce/refunds/apply", RefundResult.read_accepted, body)
        return self._line.ask("POST", "/v3/refund/domestic/refunds", RefundResult.read, body)

    def query_refund(self, out_refund_no: str) -> RefundResult | None:
        """The refund under our number, or None if WeChat Pay never heard of it."""
        number = quote(bodies.check_refund_no(out_refund_no), safe="")
        query = f"?{urlencode({'sub_mchid': self.sub_mchid})}" if self._sub else ""
        platform = self._sub is not None and self._sub.ecommerce
        base = "/v3/ecommerce/refunds/out-refund-no" if platform else "/v3/refund/domestic/refunds"
        found = self._line.find(f"{base}/{number}{query}", RefundResult.read)
        if found is not None and found.out_refund_no != out_refund_no:
            raise GatewayUnverified(PROVIDER, "the answer is about another refund")
        return found

    # Books, keys, notices

    def trade_bill(self, day: date, bill_type: BillType = "ALL") -> TradeBill | None:
        """The bill of a China date (after 10:00 the next day), or None if nothing was traded.

        In partner mode the sub-merchant's; a partner's own client gets all its sub-merchants in one. The file is
        not signed; its hash is. Raises GatewayRefused STATEMENT_CREATING while it is being made.
        """
        asked = {"bill_date": day.isoformat(), "bill_type": bill_type, "tar_type": "GZIP"}
        query = urlencode(asked | ({"sub_mchid": self.sub_mchid} if self._sub else {}))
        content = self.bill_file(f"/v3/bill/tradebill?{query}")
        return parse_trade_bill(day, content) if content is not None else None

    def bill_file(self, target: str) -> bytes | None:
        """The unpacked file a bill's address leads to, its hash checked; None where there was nothing that day.

        Raises GatewayRefused STATEMENT_CREATING while it is being made.
        """

        def once() -> bytes:
            told = Fields(self._caller.call("GET", target, self._keys))
            content = unpack(self._download(told.text("download_url")))
            check_hash(content, told.text("hash_type"), told.text("hash_value"))
            return content

        try:
            return self._http.retrying(once, policy=POLICY)
        except GatewayRefused as refusal:
            if refusal.provider_code == "NO_STATEMENT_EXIST":
                return None
            raise
        except Malformed as error:
            raise GatewayUnavailable(PROVIDER, str(error), http_status=200) from error

    def refresh_keys(self) -> bool:
        """For a periodic job.

        Look for new platform certificates if twelve hours have passed. True if loaded.
        """
        return self._keys.refresh_if_old()

    def check_notice(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise NoticeRefused for what cannot be genuine, without asking anybody; see `NoticeReader.check`."""
        self._line.notices.check(headers, body, KnownKeys(self._keys), self._keys.could_learn)

    def parse_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify, open and name a notice.

        `body` must be the raw bytes. Raises NoticeRefused or GatewayUndecryptable.
        """
        return self._line.notices.parse(headers, body)

    # Inside

    def _prepay(self, kind: str, body: bytes, field: str) -> str:
        return self._line.ask(
            "POST", f"{self._trade}/{kind}", lambda value: Fields(value).text(field, required=True), body
        )

    def _belongs(self, found: Transaction | None, same_number: bool) -> Transaction | None:
        ours = (self._mchid, self.sub_mchid)
        if found is not None and (not same_number or (found.mchid, found.sub_mchid) != ours):
            raise GatewayUnverified(PROVIDER, "the answer is about another order")
        return found

    def _names(self) -> dict[str, str]:
        if self._sub is None:
            return {"mchid": self._mchid}
        return {"sp_mchid": self._mchid, "sub_mchid": self._sub.sub_mchid}

    def _download(self, url: str) -> bytes:
        # The signed link is followed only to the configured hosts: our Authorization must not travel
        # elsewhere.
        base = next((b for b in self._http.base_urls if url.startswith(b + "/")), None)
        if base is None or urlsplit(url).fragment:
            raise GatewayUnverified(PROVIDER, "the bill lies on a foreign host")
        answer = self._caller.send("GET", url[len(base) :], limit=BILL_BYTES)
        if answer.status != 200:
            self._caller.raise_refusal(answer, None)
        return answer.body
