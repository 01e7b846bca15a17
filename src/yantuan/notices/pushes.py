"""What WeChat pushes about messages: somebody allowed or took back, and how a message or a service card fared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yantuan.identity.models import Channel
from yantuan.kernel.config import config
from yantuan.notices import cards, permits
from yantuan.notices.models import Delivery
from yantuan.push.registry import Push, on


@on("subscribe_msg_popup_event")
def popup_answered(push: Push) -> None:
    """The sheet in the mini-program was answered; the app tells the same, and each acceptance counts once."""
    person_id = _person(push.sender)
    if person_id is None:
        return
    for place, entry in enumerate(push.entries()):
        template = _text(entry, "TemplateId")
        if template and _text(entry, "SubscribeStatusString") == "accept":
            permits.accepted(person_id, template, "push", f"push:{push.id}:{place}")


@on("subscribe_msg_change_event")
def consent_changed(push: Push) -> None:
    """In WeChat's settings somebody took their word back: no permit of that template is left."""
    person_id = _person(push.sender)
    if person_id is None:
        return
    for entry in push.entries():
        template = _text(entry, "TemplateId")
        if template and _text(entry, "SubscribeStatusString") == "reject":
            permits.taken_back(person_id, template, push.sent_at)


@on("subscribe_msg_sent_event")
def message_fared(push: Push) -> None:
    """WeChat took a message, and later says that it didn't arrive: the log must not say that it did."""
    for entry in push.entries():
        code, msgid = _text(entry, "ErrorCode"), _text(entry, "MsgID") or _text(entry, "MsgId")
        if not msgid or code in ("", "0"):
            continue
        why = _text(entry, "ErrorStatus") or code
        sent = Delivery.objects.filter(provider_id=msgid, state=Delivery.State.SENT)
        sent.update(state=Delivery.State.FAILED, error=f"微信没有送达（{why}）"[:300])


@on("notify_service_msg_send_result")
def card_fared(push: Push) -> None:
    """WeChat took a change of a service card and could not tell the buyer of it."""
    # The payment's number may come with a prefix and a dot before it.
    cards.not_told(push.text("notify_code").rpartition(".")[2], push.text("fail_ret"), push.text("fail_msg"))


def _person(openid: str) -> int | None:
    mine = Channel.objects.filter(openid=openid, appid=config().wechat_mini_appid)
    return mine.values_list("person_id", flat=True).first()


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    return str(value) if isinstance(value, str | int) else ""
