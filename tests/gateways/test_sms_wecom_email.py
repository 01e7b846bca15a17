"""SMS, group robot and mail."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from django.db import transaction

from gateways import pay_platform as p
from yantuan.gateways.email import EmailSettings, MailLoginRefused, SmtpClient
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.sms import AliyunSmsClient, SmsNumberRejected, SmsSettings, authorization
from yantuan.gateways.wecom import RobotClient, RobotGone, WeComSettings, cut_bytes, robot_key

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


def test_documented_acs3_signature() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    target = "/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    made = authorization(("YourAccessKeyId", "YourAccessKeySecret"), "POST", target, headers, b"")
    assert made.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")
    assert "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;" in made


def sms(reply: Any, status: int = 200) -> tuple[AliyunSmsClient, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(status, json=reply)

    settings = SmsSettings("https://dysmsapi.example.com", "AK", "SK", "雁团")
    made = AliyunSmsClient(
        settings, transport=httpx.MockTransport(respond), now=lambda: p.NOW, nonce=lambda: "n"
    )
    made._http._sleep = lambda seconds: None
    return made, seen


def test_sms_is_sent_signed() -> None:
    client, seen = sms({"Code": "OK", "Message": "OK", "BizId": "9", "RequestId": "R"})
    receipt = client.send("13800138000", "SMS_1", {"code": "012345"}, out_id="x 1*~")
    assert (receipt.biz_id, receipt.request_id) == ("9", "R")
    request = seen[0]
    assert request.method == "POST" and request.content == b""
    assert dict(request.url.params) == {
        "PhoneNumbers": "13800138000",
        "SignName": "雁团",
        "TemplateCode": "SMS_1",
        "TemplateParam": '{"code":"012345"}',
        "OutId": "x 1*~",
    }
    names = [part.split("=")[0] for part in request.url.raw_path.decode().partition("?")[2].split("&")]
    assert names == sorted(names)
    assert "OutId=x%201%2A~" in request.url.raw_path.decode()
    assert request.headers["x-acs-date"] == "2026-05-12T02:00:00Z"
    signed = {n: request.headers[n] for n in request.headers if n == "host" or n.startswith("x-acs-")}
    assert request.headers["Authorization"] == authorization(
        ("AK", "SK"), "POST", request.url.raw_path.decode(), signed, b""
    )


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", 200, GatewayThrottled),
        ("Throttling.User", 400, GatewayThrottled),
        ("isv.MOBILE_NUMBER_ILLEGAL", 200, SmsNumberRejected),
        ("SignatureDoesNotMatch", 400, GatewayRefused),
        ("isv.AMOUNT_NOT_ENOUGH", 200, GatewayRefused),
        ("ServiceUnavailable", 503, GatewayUnavailable),
        ("isp.SYSTEM_ERROR", 200, GatewayUnavailable),
    ],
)
def test_sms_refusals_are_typed_and_not_repeated(code: str, status: int, kind: type[Exception]) -> None:
    client, seen = sms({"Code": code, "Message": "…"}, status)
    with pytest.raises(kind):
        client.send("13800138000", "SMS_1", {})
    assert len(seen) == 1


def test_sms_is_repeated_only_if_it_never_left() -> None:
    client, seen = sms(httpx.ReadTimeout("slow"))
    with pytest.raises(GatewayUnavailable):
        client.send("13800138000", "SMS_1", {})
    assert len(seen) == 1
    client, seen = sms(httpx.ConnectError("down"))
    with pytest.raises(GatewayUnavailable):
        client.send("13800138000", "SMS_1", {})
    assert len(seen) == 2


@pytest.mark.parametrize("phone", ["", "138 0013 8000", "13800138000&x=1", "１３８００１３８０００"])
def test_sms_numbers_are_plain(phone: str) -> None:
    client, seen = sms({"Code": "OK"})
    with pytest.raises(GatewayInvalid):
        client.send(phone, "SMS_1", {})
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_no_remote_call_inside_a_database_transaction() -> None:
    client, seen = sms({"Code": "OK"})
    mail = SmtpClient(EmailSettings("127.0.0.1", 1, "shop@example.com", security="plain"))
    with transaction.atomic():
        with pytest.raises(RuntimeError):
            client.send("13800138000", "SMS_1", {})
        with pytest.raises(RuntimeError):
            mail.send("a@example.com", "s", "t")
    assert seen == []


def robot(reply: Any, status: int = 200) -> tuple[RobotClient, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=reply)

    return RobotClient(
        WeComSettings("https://qyapi.example.com"), transport=httpx.MockTransport(respond)
    ), seen


def test_robot_messages() -> None:
    client, seen = robot({"errcode": 0, "errmsg": "ok"})
    client.send_text(KEY, "新订单", mentioned_mobiles=["13800138000"])
    client.send_markdown(KEY, "果" * 2000)
    assert str(seen[0].url) == f"https://qyapi.example.com/cgi-bin/webhook/send?key={KEY}"
    assert json.loads(seen[0].content) == {
        "msgtype": "text",
        "text": {"content": "新订单", "mentioned_mobile_list": ["13800138000"]},
    }
    content = json.loads(seen[1].content)["markdown"]["content"]
    assert content.endswith("果…") and 4090 < len(content.encode()) <= 4096


@pytest.mark.parametrize(
    ("code", "kind"),
    [(93000, RobotGone), (45009, GatewayThrottled), (40058, GatewayRefused), (-1, GatewayUnavailable)],
)
def test_robot_refusals(code: int, kind: type[Exception]) -> None:
    client, seen = robot({"errcode": code, "errmsg": "…"})
    with pytest.raises(kind):
        client.send_text(KEY, "x")
    assert len(seen) == 1


def test_robot_keys_come_out_of_pasted_addresses() -> None:
    assert robot_key(f" https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY} ") == KEY
    assert robot_key(KEY) == KEY
    for wrong in ("", "https://evil.example/", "a&b=c-longer", "../../x"):
        with pytest.raises(GatewayInvalid):
            robot_key(wrong)


def test_cutting_keeps_whole_characters() -> None:
    for limit in range(3, 20):
        cut = cut_bytes("雁a团" * 5, limit)
        assert len(cut.encode()) <= limit and cut.endswith("…")
    assert cut_bytes("雁团", 6) == "雁团"


class Mailbox(socketserver.ThreadingTCPServer):
    """Enough of SMTP for one message; `answers` overrides the reply to a command."""

    allow_reuse_address = True
    daemon_threads = True
    answers: dict[str, str]
    mails: list[bytes]


class Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            reply = self.server.answers.get(verb, {"EHLO": "250 box", "QUIT": "221 bye"}.get(verb, "250 ok"))
            if verb == "DATA" and reply.startswith("250"):
                self.say("354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self.say(reply)
            if verb == "QUIT":
                return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mailbox(**answers: str) -> Iterator[tuple[Mailbox, SmtpClient]]:
    with Mailbox(("127.0.0.1", 0), Session) as server:
        server.answers, server.mails = answers, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings = EmailSettings(
            "127.0.0.1", server.server_address[1], "小店 <shop@example.com>", security="plain"
        )
        try:
            yield server, SmtpClient(settings)
        finally:
            server.shutdown()
            thread.join()


def test_mail_is_sent() -> None:
    with mailbox() as (server, client):
        made = client.send(
            "a@example.com", "新订单 #1", "内容", html="<p>内容</p>", message_id="<1@example.com>"
        )
    assert made == "<1@example.com>"
    message = email.message_from_bytes(server.mails[0], policy=email.policy.default)
    assert message["Subject"] == "新订单 #1" and message["To"] == "a@example.com"
    assert str(message["From"]) == "小店 <shop@example.com>"
    body = message.get_body(("plain",))
    assert body is not None and body.get_content().strip() == "内容"


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("a@example.com\r\nBcc: b@example.com", "s"),
        ("a@example.com", "s\r\nBcc: b@example.com"),
        ("a@example.com, b@example.com", "s"),
        ("nobody", "s"),
    ],
)
def test_headers_can_not_be_smuggled(to: str, subject: str) -> None:
    with mailbox() as (server, client), pytest.raises(GatewayInvalid):
        client.send(to, subject, "t")
    assert server.mails == []


def test_mail_refusals_are_typed() -> None:
    with mailbox(RCPT="550 no such user") as (_, client), pytest.raises(GatewayRefused) as refused:
        client.send("a@example.com", "s", "t")
    assert refused.value.provider_code == "550"
    with mailbox(RCPT="451 later") as (_, client), pytest.raises(GatewayUnavailable):
        client.send("a@example.com", "s", "t")
    with mailbox() as (server, client):
        port = server.server_address[1]
    with pytest.raises(GatewayUnavailable):
        client.send("a@example.com", "s", "t")
    assert port


@pytest.mark.parametrize("answer", ["535 5.7.8 authentication failed", "454 4.7.0 temporary failure"])
def test_a_refused_login_is_the_accounts_trouble_and_not_the_messages(answer: str) -> None:
    with mailbox(EHLO="250-box\r\n250 AUTH PLAIN", AUTH=answer) as (server, _):
        settings = EmailSettings(
            "127.0.0.1", server.server_address[1], "shop@example.com", "plain", "shop", "wrong-pass-word"
        )
        with pytest.raises(MailLoginRefused) as refused:
            SmtpClient(settings).send("a@example.com", "s", "t")
    assert server.mails == []
    told = refused.value
    assert (told.provider_code, told.sent) == (answer[:3], False)
    assert "账号或密码" in told.zh and "wrong-pass-word" not in f"{told} {told.zh} {told.en}"


def test_mail_never_falls_back_to_plain_text() -> None:
    with mailbox() as (server, _):
        settings = EmailSettings(
            "127.0.0.1", server.server_address[1], "shop@example.com", security="starttls"
        )
        with pytest.raises(GatewayRefused):
            SmtpClient(settings).send("a@example.com", "s", "t")
    assert server.mails == []
