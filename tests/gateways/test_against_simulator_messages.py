"""The real message and sign-in clients against the real simulator over HTTP."""

from __future__ import annotations

import pytest

from gateways.sim_process import Simulator
from yantuan.gateways.email import EmailSettings, SmtpClient
from yantuan.gateways.errors import GatewayThrottled
from yantuan.gateways.sms import AliyunSmsClient, SmsNumberRejected, SmsSettings
from yantuan.gateways.wechat_api import ConsentMissing, WeChatCodeRejected
from yantuan.gateways.wechat_mini import MiniClient, MiniSettings
from yantuan.gateways.wechat_oa import OfficialClient, OfficialSettings
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.gateways.wecom import RobotClient, RobotGone, WeComSettings

pytestmark = pytest.mark.stack


def test_mini_program(sim: Simulator) -> None:
    c = sim.credentials
    mini = MiniClient(MiniSettings(sim.base, c.mini_appid, c.mini_secret), MemoryTokenStore())
    minted = sim.post("/js_codes", user="小雁")
    session = mini.code2session(minted["code"])
    assert session.openid == minted["openid"]
    with pytest.raises(WeChatCodeRejected):
        mini.code2session(minted["code"])
    phone = sim.post("/js_codes", user="小雁", kind="phone", phone="13800138000")
    assert mini.get_phone_number(phone["code"]).pure == "13800138000"
    template = c.template_new_order
    with pytest.raises(ConsentMissing):
        mini.send_subscribe_message(session.openid, template, {"thing1": "x"})
    sim.post("/consents", openid=session.openid, count=2)
    sim.post("/faults", kind="wechat_token_expired")
    mini.send_subscribe_message(session.openid, template, {"thing1": "五月水果团" * 9, "amount2": "¥39.90"})
    assert "五月水果团" in str(sim.get("/inbox"))
    assert mini.get_wxacode_unlimit("s=abc").startswith(b"\x89PNG")
    sim.post("/faults", kind="wechat_quota", times=0)
    with pytest.raises(GatewayThrottled):
        mini.get_wxacode_unlimit("s=abc")


def test_official_account(sim: Simulator) -> None:
    c = sim.credentials
    settings = OfficialSettings(sim.base, sim.base, c.oa_appid, c.oa_secret)
    official = OfficialClient(settings, MemoryTokenStore())
    page = sim.control.get(official.authorize_url("http://127.0.0.1:1/wx", "abc").split("#")[0])
    assert page.status_code == 200
    minted = sim.post("/js_codes", user="小雁", kind="oauth")
    person = official.exchange_code(minted["code"])
    assert person.openid == minted["openid"] and not person.snapshot
    assert official.userinfo(person.access_token, person.openid).nickname
    assert len(official.js_signature("http://127.0.0.1:1/g/1#x").signature) == 40


def test_sms_robot_and_mail(sim: Simulator) -> None:
    c = sim.credentials
    sms = AliyunSmsClient(
        SmsSettings(f"{sim.base}/sms", c.sms_access_key_id, c.sms_access_key_secret, c.sms_sign_name)
    )
    assert sms.send("13800138000", c.sms_template_code, {"code": "246810"}).biz_id
    with pytest.raises(SmsNumberRejected):
        sms.send("12345", c.sms_template_code, {"code": "246810"})
    sim.post("/faults", kind="sms_limited")
    with pytest.raises(GatewayThrottled):
        sms.send("13800138000", c.sms_template_code, {"code": "246810"})
    robot = RobotClient(WeComSettings(sim.base))
    robot.send_markdown(c.wecom_robot_key, "**新订单** #0001" + "果" * 3000)
    with pytest.raises(RobotGone):
        robot.send_text("00000000-0000-0000-0000-000000000000", "x")
    mail = SmtpClient(
        EmailSettings("127.0.0.1", sim.smtp_port, "雁团 <notice@yantuan.example>", security="plain")
    )
    mail.send("a@example.com", "新订单 #0001", "内容")
    told = str(sim.get("/inbox"))
    assert "246810" in told and "新订单" in told and "a@example.com" in told
