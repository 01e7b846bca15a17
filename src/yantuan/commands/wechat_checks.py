"""The doctor's looks at the configuration, one after the other; each finding says what is there, or what to do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import httpx

from yantuan.gateways.errors import GatewayError, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_console import ConsoleClient, TemplateInfo
from yantuan.gateways.wechat_mini import MiniClient, MiniSettings
from yantuan.gateways.wechat_push import signature
from yantuan.gateways.wechat_shipping import ShippingClient
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config
from yantuan.merchants import checking
from yantuan.merchants.keys import operator_settings
from yantuan.merchants.rules import PROBLEMS
from yantuan.notices.models import TemplateTrouble
from yantuan.sharing import scenes

State = Literal["ok", "missing", "wrong", "unknown", "ask"]
PAGES: Final = (
    scenes.SALE_PAGE, scenes.STORE_PAGE, scenes.ORDER_PAGE, scenes.PICKUP_PAGE, scenes.HERE_PAGE,
)  # fmt: skip
JUMP_PAGE: Final = "pages/orders/index"
SKEW_SECONDS: Final = 60
QUOTA_PATHS: Final = ("/cgi-bin/message/subscribe/send", "/wxa/getwxacodeunlimit", "/wxa/generate_urllink")
LOW: Final = 10
"""Per cent of a quota below which it is named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's. `ask`: only a person can see that in WeChat's console."""

    name: str
    state: State
    text: str
    advice: str = ""


class Doctor:
    """Looks with clients of its own, so that nothing kept from earlier hides what is wrong now."""

    def __init__(
        self, cfg: Config, *, fix: bool = False, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._cfg, self._fix, self._transport = cfg, fix, transport
        settings = MiniSettings(cfg.wechat_api_base_url, cfg.wechat_mini_appid, cfg.wechat_mini_secret)
        store = MemoryTokenStore()
        self._console = ConsoleClient(settings, store, transport=transport)
        self._mini = MiniClient(settings, store, transport=transport)
        self._shipping = ShippingClient(settings, store, transport=transport)

    def look(self) -> list[Finding]:
        """Everything, in the order in which it should be mended."""
        found = [self._address()]
        if not (self._cfg.wechat_mini_appid and self._cfg.wechat_mini_secret):
            advice = "设置 YANTUAN_WECHAT_MINI_APPID 和 YANTUAN_WECHAT_MINI_SECRET（公众平台 → 开发管理）"
            return [
                *found,
                Finding("app", "missing", "没有填小程序的 AppID 和 AppSecret", advice),
                *self._content(),
                *self._pay(),
            ]
        try:
            templates = self._console.templates()
        except GatewayError as error:
            # Without a token nothing else can be asked; the rest would only repeat this.
            return [*found, _token_trouble(error), *self._push(), *self._content(), *self._pay(), *_asks()]
        found.append(Finding("token", "ok", "AppID、AppSecret 正确，能取得接口凭证"))
        for look in (self._clock, lambda: self._templates(templates), self._pages, self._trade, self._quota):
            found += _guarded(look)
        return [*found, *self._push(), *self._content(), *self._pay(), *_asks()]

    def _address(self) -> Finding:
        if self._cfg.https:
            return Finding("address", "ok", f"对外地址是 HTTPS：{self._cfg.public_url}")
        advice = "配好域名和证书，把 YANTUAN_PUBLIC_URL 改成 https:// 开头，并在公众平台填为服务器域名"
        return Finding("address", "wrong", "对外地址不是 HTTPS，手机上的微信连不上", advice)

    def _clock(self) -> Iterator[Finding]:
        theirs = self._console.platform_time()
        if theirs is None:
            return
        skew = round((now() - theirs).total_seconds())
        if abs(skew) > SKEW_SECONDS:
            advice = "校准服务器时间（timedatectl set-ntp true）；差 5 分钟以上微信支付会全部失败"
            yield Finding("clock", "wrong", f"服务器时间和微信相差 {abs(skew)} 秒", advice)
        else:
            yield Finding("clock", "ok", "服务器时间和微信一致")

    def _templates(self, templates: list[TemplateInfo]) -> Iterator[Finding]:
        cfg = self._cfg
        wanted = {event: (one.id, set(one.fields)) for event, one in cfg.wechat_templates.items()}
        if cfg.wechat_template_new_order:
            fields = set(cfg.wechat_template_new_order_keys.split())
            wanted["new_order"] = (cfg.wechat_template_new_order, fields)
        known = {one.template_id: set(one.fields) for one in templates}
        if not wanted:
            advice = "在公众平台「订阅消息」选用模板，填入 YANTUAN_WECHAT_TEMPLATE_NEW_ORDER 和 YANTUAN_WECHAT_TEMPLATES"
            yield Finding("templates", "missing", "还没有配置订阅消息模板，买家和团长收不到微信提醒", advice)
        for event, (template_id, fields) in sorted(wanted.items()):
            yield _template(event, template_id, fields, known)
        if self._fix:
            # Back or replaced: what was switched off for its sake may go on.
            TemplateTrouble.objects.filter(template_id__in=list(known)).delete()

    def _pages(self) -> Iterator[Finding]:
        for page in PAGES:
            try:
                self._mini.get_wxacode_unlimit("gdoctor", page=page)
            except GatewayRefused as refusal:
                if refusal.provider_code != "41030":
                    raise
                advice = "上传并发布小程序；发布之前可设 YANTUAN_WECHAT_MINI_VERSION=trial"
                yield Finding("pages", "missing", f"小程序里还没有发布页面 {page}", advice)
                return
        yield Finding("pages", "ok", "小程序码要打开的页面都已发布")

    def _trade(self) -> Iterator[Finding]:
        if not self._shipping.is_trade_managed():
            yield Finding("trade", "ok", "小程序没有被纳入发货信息管理")
            return
        yield Finding("trade", "ok", "小程序已纳入发货信息管理，发货后自动上传")
        if self._fix:
            self._shipping.set_msg_jump_path(JUMP_PAGE)
            yield Finding("order_page", "ok", f"发货消息会打开 {JUMP_PAGE}")
        else:
            advice = "运行 yantuan wechat doctor --fix 设置"
            yield Finding("order_page", "ask", f"发货消息打开的页面应为 {JUMP_PAGE}", advice)

    def _quota(self) -> Iterator[Finding]:
        low = False
        for path in QUOTA_PATHS:
            quota = self._console.quota(path)
            if quota.remain * 100 <= quota.daily_limit * LOW:
                low = True
                text = f"{path} 今天只剩 {quota.remain} 次（共 {quota.daily_limit} 次）"
                yield Finding("quota", "wrong", text, "明天零点恢复；急用可在公众平台清零（每月 10 次）")
        if not low:
            yield Finding("quota", "ok", "接口调用额度充足")

    def _content(self) -> Iterator[Finding]:
        """What the content check needs beyond the app: WeChat tells its judgement of pictures by a push, sealed, to an address it can reach."""
        cfg = self._cfg
        if not cfg.content_check:
            return
        lacking = [
            name
            for name, there in (
                (
                    "YANTUAN_WECHAT_MINI_APPID、YANTUAN_WECHAT_MINI_SECRET",
                    cfg.wechat_mini_appid and cfg.wechat_mini_secret,
                ),
                ("YANTUAN_WECHAT_PUSH_TOKEN", cfg.wechat_push_token),
                ("YANTUAN_WECHAT_PUSH_AES_KEY（43 个字符）", len(cfg.wechat_push_aes_key) == 43),
                ("https:// 开头的 YANTUAN_PUBLIC_URL", cfg.https),
            )
            if not there
        ]
        if not lacking:
            yield Finding("content", "ok", "内容审核已打开，微信能取到图片、送回结果")
            return
        text = "内容审核已打开，但缺少设置：图片的审核结果收不到，发布的内容会一直等"
        yield Finding("content", "wrong", text, f"补上 {'、'.join(lacking)}，或设 YANTUAN_CONTENT_CHECK=0")

    def _push(self) -> Iterator[Finding]:
        cfg = self._cfg
        if not cfg.wechat_push_token:
            advice = "在公众平台「消息推送」填地址、Token、EncodingAESKey，并设置 YANTUAN_WECHAT_PUSH_TOKEN、_AES_KEY"
            yield Finding("push", "missing", "没有配置消息推送，结算、退订和内容审核的结果收不到", advice)
            return
        if cfg.wechat_push_mode != "plain" and len(cfg.wechat_push_aes_key) != 43:
            yield Finding("push", "wrong", "EncodingAESKey 应为 43 个字符", "从公众平台「消息推送」重新复制")
            return
        yield self._push_address()

    def _push_address(self) -> Finding:
        stamp, nonce, echo = str(int(now().timestamp())), secrets.token_hex(4), secrets.token_hex(8)
        query = {
            "signature": signature(self._cfg.wechat_push_token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
        }
        address = f"{self._cfg.public_url.rstrip('/')}/notify/wechat/push"
        try:
            with httpx.Client(timeout=10, trust_env=False, transport=self._transport) as client:
                answer = client.get(address, params={**query, "echostr": echo})
        except httpx.HTTPError as error:
            advice = "确认服务在运行、域名解析和反向代理正确"
            return Finding("push", "wrong", f"消息推送地址打不开：{type(error).__name__}", advice)
        if answer.status_code == 200 and answer.text == echo:
            return Finding("push", "ok", f"消息推送地址可用：{address}")
        advice = "确认服务和本命令用的是同一份配置，反向代理没有拦截 /notify/"
        return Finding("push", "wrong", f"消息推送地址回答了 {answer.status_code}，没有通过验证", advice)

    def _pay(self) -> Iterator[Finding]:
        if not self._cfg.has_wechatpay:
            advice = "设置 YANTUAN_WECHATPAY_*，或让团长在卖场里填自己的商户号"
            yield Finding("pay", "missing", "平台没有配置微信支付商户号", advice)
            return
        verdict = checking.check(operator_settings(self._cfg))
        if verdict.good:
            yield Finding("pay", "ok", "微信支付：商户号、证书、密钥、AppID 绑定都正确")
            return
        zh, _ = PROBLEMS[verdict.problem]
        state: State = "unknown" if verdict.problem == "unreachable" else "wrong"
        yield Finding("pay", state, f"微信支付：{zh}", verdict.words)


def _template(event: str, template_id: str, fields: set[str], known: dict[str, set[str]]) -> Finding:
    name = f"template:{event}"
    if template_id not in known:
        advice = "在公众平台「订阅消息 → 我的模板」重新选用，把新的模板 ID 填进配置"
        return Finding(name, "missing", f"模板 …{template_id[-6:]} 不存在或已被删除", advice)
    theirs = known[template_id]
    if theirs and theirs != fields:
        advice = f"模板的字段是 {' '.join(sorted(theirs))}"
        return Finding(name, "wrong", f"模板 …{template_id[-6:]} 的字段和配置对不上", advice)
    return Finding(name, "ok", f"模板 …{template_id[-6:]} 可用")


def _guarded(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """One look that fails must not cost the others."""
    try:
        yield from look()
    except GatewayThrottled as error:
        yield Finding("throttled", "wrong", f"微信限制了调用（{error.provider_code}）", "稍后再试")
    except GatewayRefused as error:
        yield Finding(
            "refused", "wrong", f"微信拒绝了检查：{error.provider_code}", error.provider_message[:200]
        )
    except GatewayError as error:
        yield Finding("unreachable", "unknown", error.zh, "稍后再试")


def _token_trouble(error: GatewayError) -> Finding:
    if isinstance(error, WeChatShutsUsOut):
        advice = {
            "40013": "核对 YANTUAN_WECHAT_MINI_APPID",
            "40125": "在公众平台「开发管理」重置 AppSecret，填入 YANTUAN_WECHAT_MINI_SECRET",
        }.get(error.provider_code, f"在公众平台「开发管理 → IP 白名单」加入 {error.ip or '服务器的出口 IP'}")
        return Finding("token", "wrong", error.zh, advice)
    if isinstance(error, GatewayUnavailable):
        return Finding("token", "unknown", "连不上微信", "检查服务器能否访问 api.weixin.qq.com")
    code = error.provider_code if isinstance(error, GatewayRefused) else error.code
    return Finding("token", "wrong", f"取不到接口凭证（{code}）", "稍后再试，或查微信的错误码说明")


def _asks() -> list[Finding]:
    """What no interface tells."""
    return [
        Finding(
            "privacy",
            "ask",
            "用户隐私保护指引已填写",
            "公众平台 → 设置 → 服务内容声明：手机号、地址、相册、头像昵称",
        ),
        Finding(
            "order_centre",
            "ask",
            f"订单中心 path 为 {JUMP_PAGE}",
            "公众平台 → 设置 → 服务内容声明 → 订单中心",
        ),
    ]
