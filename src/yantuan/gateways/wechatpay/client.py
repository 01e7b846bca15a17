"""WeChat Pay APIv3 for one direct merchant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable, GatewayUnverified
from yantuan.gateways.http import HttpCaller
from yantuan.gateways.wechatpay import bodies
from yantuan.gateways.wechatpay.bills import BILL_BYTES, TradeBill, check_hash, parse_trade_bill, unpack
from yantuan.gateways.wechatpay.certificates import download_certificates
from yantuan.gateways.wechatpay.crypto import load_private_key, load_public_key
from yantuan.gateways.wechatpay.fields import Fields, Malformed
from yantuan.gateways.wechatpay.keys import KeyRing, KnownKeys
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
from yantuan.gateways.wechatpay.notice import Notice, NoticeReader
from yantuan.gateways.wechatpay.settings import WeChatPaySettings
from yantuan.gateways.wechatpay.signing import MerchantSigner
from yantuan.gateways.wechatpay.transport import POLICY, PROVIDER, SignedCaller, new_nonce
from yantuan.kernel import clock

PREPAY_LIFE = timedelta(hours=2)
H5_LIFE = timedelta(minutes=5)

BillType = Literal["ALL", "SUCCESS", "REFUND"]
T = TypeVar("T")


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
        bases = [url for url in (settings.base_url, settings.fallback_base_url) if url]
        self._mchid = settings.mchid
        self._http = http or HttpCaller(PROVIDER, bases, transport=transport)
        signer = MerchantSigner(
            settings.mchid, settings.merchant_serial.upper(), load_private_key(settings.merchant_key_pem)
        )
        self._caller = SignedCaller(self._http, signer, now=now, nonce=nonce)
        public = {serial.upper(): load_public_key(pem) for serial, pem in settings.public_keys.items()}
        self._keys = KeyRing(
            public,
            download=(lambda: download_certificates(self._caller, settings.apiv3_keys, public))
            if settings.download_certificates
            else None,
            now=now,
            interval=settings.key_refresh_interval,
        )
        self._notices = NoticeReader(self._keys, settings.apiv3_keys, now=now)

    @property
    def mchid(self) -> str:
        """The merchant number every answer and notice must name."""
        return self._mchid

    def shutdown(self) -> None:
        """Close the connections."""
        self._http.close()

    # Bodies

    def build_jsapi(self, order: PrepayOrder) -> bytes:
        """Exact bytes of a JSAPI / mini-program prepay. Raises GatewayInvalid."""
        return bodies.jsapi_body(order, self._mchid)

    def build_h5(self, order: PrepayOrder) -> bytes:
        """Exact bytes of an H5 prepay. Raises GatewayInvalid."""
        return bodies.h5_body(order, self._mchid)

    def build_native(self, order: PrepayOrder) -> bytes:
        """Exact bytes of a Native prepay. Raises GatewayInvalid."""
        return bodies.native_body(order, self._mchid)

    def build_refund(self, order: RefundOrder) -> bytes:
        """Exact bytes of a refund. Raises GatewayInvalid."""
        return bodies.refund_body(order)

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
        """What the buyer's WeChat needs to open the pay sheet; made fresh for each press of "pay"."""
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
        found = self._query(
            f"/v3/pay/transactions/out-trade-no/{number}?{self._mchid_query()}", Transaction.read
        )
        return self._belongs(found, found is None or found.out_trade_no == out_trade_no)

    def query_by_transaction_id(self, transaction_id: str) -> Transaction | None:
        """The order under WeChat Pay's number, or None."""
        number = quote(transaction_id, safe="")
        found = self._query(f"/v3/pay/transactions/id/{number}?{self._mchid_query()}", Transaction.read)
        return self._belongs(found, found is None or found.transaction_id == transaction_id)

    def close(self, out_trade_no: str) -> CloseOutcome:
        """Close an unpaid order for good. PAID asks for a query; closing twice is CLOSED twice."""
        number = quote(bodies.check_trade_no(out_trade_no), safe="")
        body = bodies.encode({"mchid": self._mchid})
        try:
            self._caller.call("POST", f"/v3/pay/transactions/out-trade-no/{number}/close", self._keys, body)
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
        return self._typed(
            self._caller.call("POST", "/v3/refund/domestic/refunds", self._keys, body), RefundResult.read
        )

    def query_refund(self, out_refund_no: str) -> RefundResult | None:
        """The refund under our number, or None if WeChat Pay never heard of it."""
        number = quote(bodies.check_refund_no(out_refund_no), safe="")
        found = self._query(f"/v3/refund/domestic/refunds/{number}", RefundResult.read)
        if found is not None and found.out_refund_no != out_refund_no:
            raise GatewayUnverified(PROVIDER, "the answer is about another refund")
        return found

    # Books, keys, notices

    def trade_bill(self, day: date, bill_type: BillType = "ALL") -> TradeBill | None:
        """The bill of a China date (after 10:00 the next day), or None if nothing was traded.

        The file is not signed; its hash is. Raises GatewayRefused STATEMENT_CREATING while it is being made.
        """
        query = urlencode({"bill_date": day.isoformat(), "bill_type": bill_type, "tar_type": "GZIP"})

        def once() -> TradeBill:
            told = Fields(self._caller.call("GET", f"/v3/bill/tradebill?{query}", self._keys))
            content = unpack(self._download(told.text("download_url")))
            check_hash(content, told.text("hash_type"), told.text("hash_value"))
            return parse_trade_bill(day, content)

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
        self._notices.check(headers, body, KnownKeys(self._keys), self._keys.could_learn)

    def parse_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify, open and name a notice.

        `body` must be the raw bytes. Raises NoticeRefused or GatewayUndecryptable.
        """
        return self._notices.parse(headers, body)

    # Inside

    def _prepay(self, kind: str, body: bytes, field: str) -> str:
        answer = self._caller.call("POST", f"/v3/pay/transactions/{kind}", self._keys, body)
        return self._typed(answer, lambda value: Fields(value).text(field, required=True))

    def _query(self, target: str, read: Callable[[Mapping[str, Any]], T]) -> T | None:
        try:
            return self._typed(self._caller.call("GET", target, self._keys), read)
        except GatewayRefused as refusal:
            if refusal.provider_code in NOT_FOUND_CODES:
                return None
            raise

    def _typed(self, answer: dict[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
        try:
            return read(answer)
        except Malformed as error:
            raise GatewayUnavailable(PROVIDER, str(error), http_status=200) from error

    def _belongs(self, found: Transaction | None, same_number: bool) -> Transaction | None:
        if found is not None and (not same_number or found.mchid != self._mchid):
            raise GatewayUnverified(PROVIDER, "the answer is about another order")
        return found

    def _mchid_query(self) -> str:
        return urlencode({"mchid": self._mchid})

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
