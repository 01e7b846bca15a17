"""The simulator as its own process: granian, SMTP, and a third party's WeChat Pay client against it."""

import gzip
import json
import shutil
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from wechatpayv3 import SignType, WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from ports import free_port
from yantuan.simulator.credentials import Credentials, ensure_credentials

pytestmark = pytest.mark.stack
NOTIFY_URL = "https://shop.test/notify"


@pytest.fixture(scope="module")
def served_folder(made_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "simulator"
    shutil.copytree(made_folder, folder)
    return folder


@pytest.fixture(scope="module")
def served(served_folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "yantuan.simulator", str(served_folder), "127.0.0.1", str(port)]
    source = Path(__file__).parents[2] / "src"
    process = subprocess.Popen(command, env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin"})
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(url + "/healthz", trust_env=False).raise_for_status()
            break
        except httpx.TransportError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield url
    process.terminate()
    assert process.wait(15) == 0


@pytest.fixture
def control(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served + "/_sim", trust_env=False) as client:
        client.post("/reset", json={}).raise_for_status()
        client.post("/config", json={"notice_mode": "hold", "refund_seconds": 0}).raise_for_status()
        yield client


@pytest.fixture
def credentials(served_folder: Path) -> Credentials:
    return ensure_credentials(served_folder)


@pytest.fixture(params=["public_key", "certificate"])
def pay(
    request: pytest.FixtureRequest, served: str, control: httpx.Client, credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> WeChatPay:  # fmt: skip
    """The package wechatpayv3, with its host replaced; nothing else of it is touched."""
    control.post("/config", json={"sign_mode": request.param}).raise_for_status()
    env = credentials.product_env(served, "http://127.0.0.1:8000")
    public = {
        "public_key": Path(env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]).read_text(),
        "public_key_id": env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"],
    }
    original = Core.__init__

    def with_host(self, *args, **kwargs) -> None:
        init = self._init_certificates
        self._init_certificates = lambda: None
        original(self, *args, **kwargs)
        self._gate_way = served
        if request.param == "certificate":
            init()

    monkeypatch.setattr(Core, "__init__", with_host)
    return WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=credentials.mchid,
        private_key=Path(env["YANTUAN_WECHATPAY_MERCHANT_KEY_PATH"]).read_text(),
        cert_serial_no=credentials.merchant_serial,
        apiv3_key=credentials.apiv3_key,
        appid=credentials.mini_appid,
        notify_url=NOTIFY_URL,
        **(public if request.param == "public_key" else {}),
    )


def test_a_foreign_client_goes_the_whole_way(
    pay: WeChatPay, served: str, control: httpx.Client, credentials: Credentials
) -> None:
    openid = control.get("/users").json()["users"][0]["mini_openid"]
    number = "P20260512CROSS1"
    order = {
        "description": "苹果5斤",
        "out_trade_no": number,
        "amount": {"total": 100},
        "payer": {"openid": openid},
    }
    status, text = pay.pay(**order)
    assert status == 200, text
    package = "prepay_id=" + json.loads(text)["prepay_id"]
    sign = pay.sign([credentials.mini_appid, "1554208460", "nonce", package], SignType.RSA_SHA256)
    query = {"appId": credentials.mini_appid, "timeStamp": "1554208460", "nonceStr": "nonce",
             "package": package, "signType": "RSA", "paySign": sign}  # fmt: skip
    assert "苹果5斤" in httpx.get(served + "/cashier/jsapi", params=query, trust_env=False).text
    notice_id = control.post("/pay", json={"out_trade_no": number}).json()["notice_id"]
    rendered = control.post(f"/notices/{notice_id}/render", json={}).json()
    assert pay.callback(rendered["headers"], rendered["body"])["resource"]["out_trade_no"] == number
    assert json.loads(pay.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"
    assert pay.close(out_trade_no=number)[0] == 400
    amount = {"refund": 40, "total": 100, "currency": "CNY"}
    status, text = pay.refund(out_trade_no=number, out_refund_no="R1", amount=amount, reason="缺货",
                              notify_url=NOTIFY_URL)  # fmt: skip
    assert status == 200, text
    assert json.loads(pay.query_refund("R1")[1])["status"] == "SUCCESS"
    refund = control.get("/notices").json()["notices"][0]["rendered"]
    assert pay.callback(refund["headers"], refund["body"])["resource"]["refund_status"] == "SUCCESS"
    spoilt = control.post(f"/notices/{notice_id}/render", json={"flaws": ["notice_bad_signature"]}).json()
    assert pay.callback(spoilt["headers"], spoilt["body"]) is None


def test_a_foreign_client_fetches_bills_and_closes(pay: WeChatPay, control: httpx.Client) -> None:
    control.post("/config", json={"bills_at_once": True})
    openid = control.get("/users").json()["users"][0]["mini_openid"]
    for number in ("P20260512CROSS2", "P20260512CROSS3"):
        pay.pay(description="梨", out_trade_no=number, amount={"total": 100}, payer={"openid": openid})
    assert pay.close(out_trade_no="P20260512CROSS3")[0] == 204
    control.post("/pay", json={"out_trade_no": "P20260512CROSS2"})
    day = control.get("/clock").json()["now"][:10]
    status, text = pay.trade_bill(bill_date=day)
    assert status == 200, text
    status, content = pay.download_bill(json.loads(text)["download_url"])
    assert status == 200
    assert b"P20260512CROSS2" in gzip.decompress(content)


def test_a_foreign_client_follows_a_certificate_rotation(pay: WeChatPay, control: httpx.Client) -> None:
    if control.get("/config").json()["sign_mode"] == "public_key":
        control.post("/config", json={"sign_mode": "both"})
        assert pay.query(out_trade_no="NOSUCH01")[0] == 404
        return
    control.post("/rotate", json={"mode": "certificate"})
    openid = control.get("/users").json()["users"][0]["mini_openid"]
    status, _ = pay.pay(
        description="梨", out_trade_no="P20260512CROSS4", amount={"total": 1}, payer={"openid": openid}
    )
    assert status == 200


def test_mail_reaches_the_inbox(served: str, control: httpx.Client) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        "新订单",
        "notice@yantuan.example",
        "leader@example.com",
    )
    message.set_content("林姐 跟团 ¥39.90\n.以点开头的行\n")
    port = int(served.rsplit(":", 1)[1]) + 1
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        assert smtp.send_message(message) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail("a@example.com", ["nonsense"], "x")
    [received] = control.get("/inbox?channel=email").json()["messages"]
    assert (received["recipient"], received["title"]) == ("leader@example.com", "新订单")
    assert received["body"] == "林姐 跟团 ¥39.90\n.以点开头的行"
    control.post("/faults", json={"kind": "smtp_refused"})
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp, pytest.raises(smtplib.SMTPSenderRefused):
        smtp.send_message(message)


class _Shop(BaseHTTPRequestHandler):
    seen: list[bytes] = []

    def do_POST(self) -> None:
        self.seen.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Keep the test output clean."""


def test_notices_travel_over_real_sockets(
    control: httpx.Client, credentials: Credentials, served: str, pay: WeChatPay
) -> None:
    shop = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    Thread(target=shop.serve_forever, args=(0.01,), daemon=True).start()
    control.post("/config", json={"notice_mode": "auto"})
    openid = control.get("/users").json()["users"][0]["mini_openid"]
    url = f"http://127.0.0.1:{shop.server_port}/notify"
    pay.pay(description="梨", out_trade_no="P20260512SOCK", amount={"total": 1}, payer={"openid": openid},
            notify_url=url)  # fmt: skip
    notice_id = control.post("/pay", json={"out_trade_no": "P20260512SOCK"}).json()["notice_id"]
    deadline = time.monotonic() + 10
    while control.get("/notices").json()["notices"][0]["state"] != "accepted":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    shop.shutdown()
    shop.server_close()
    assert json.loads(_Shop.seen[-1])["id"] == notice_id


def test_an_answer_can_be_cut_off(served: str, control: httpx.Client, pay: WeChatPay) -> None:
    control.post("/faults", json={"kind": "answer_cut"})
    with pytest.raises(Exception, match=r"(?i)incomplete|closed|aborted|broken|IncompleteRead"):
        pay.query(out_trade_no="NOSUCH01")
    assert pay.query(out_trade_no="NOSUCH01")[0] == 404
