"""What refusals of subscription messages mean."""

from __future__ import annotations

import re

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import PROVIDER

_FIELD = re.compile(r"data\.([a-z_]+\d*)\.value")
_TOGETHER = "43108"
_GONE = {
    "40037": ("小程序的消息模板已被删除", "The message template was deleted."),
    "43107": ("小程序的订阅消息功能被关闭", "The mini-program may not send subscription messages."),
}
_CONTENT = {
    "45168": ("消息里有微信不允许的词", "The message has a word WeChat does not allow"),
    "47003": ("消息内容不符合模板要求", "The message does not fit its template"),
    "41030": ("消息要打开的页面还没有发布", "The page the message opens is not published"),
}


class TemplateGone(GatewayRefused):
    """No message of this template can be sent to anybody until the operator mends it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PROVIDER, code, message)
        self.code = "wechat_template_gone"
        self.zh, self.en = _GONE[code]


class MessageRefused(GatewayRefused):
    """This message's content is not taken; the permit is not used. `field` names the culprit where WeChat does."""

    def __init__(self, code: str, message: str) -> None:
        found = _FIELD.search(message)
        super().__init__(PROVIDER, code, message, field=found[1] if found else "")
        self.code = "wechat_message_refused"
        zh, en = _CONTENT[code]
        self.zh = f"{zh}（{self.field}）" if self.field else zh
        self.en = f"{en} ({self.field})." if self.field else f"{en}."


def named(refusal: GatewayRefused) -> GatewayRefused:
    """The refusal under the name of what it means for the sender."""
    code, message = refusal.provider_code, refusal.provider_message
    if code in _GONE:
        return TemplateGone(code, message)
    if code in _CONTENT:
        return MessageRefused(code, message)
    if code == _TOGETHER:
        # Another message to the same person is under way; a minute later it is not.
        return GatewayThrottled(PROVIDER, code, message)
    return refusal
