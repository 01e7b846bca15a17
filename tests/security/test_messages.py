"""Names people choose, in messages that leave the instance: text in a mail, text in a group's markdown."""

from __future__ import annotations

import re
from typing import Any

import pytest

from security.conftest import Shop
from security.corpus import FAMILIES, PAYLOADS
from yantuan.gateways.email import EmailSettings, SmtpClient
from yantuan.kernel.clock import now
from yantuan.kernel.tokens import seal
from yantuan.notices import sending
from yantuan.notices.models import Delivery, LeaderChannel
from yantuan.notices.rules import Words, markdown, one_line, paid_leader
from yantuan.stores.models import Store

LINK = "https://shop.example/pages/orders/index"
_LINKS = re.compile(r"\[[^\]]*\]\(|<[^>\n]*>|`|^\s*#", re.M)


@pytest.mark.parametrize(
    "text", [*FAMILIES["addresses"], *FAMILIES["lines"], *FAMILIES["elements"], "# 平台通知", "x\n# 平台通知"]
)
def test_a_name_makes_no_link_mention_or_heading_in_a_group(text: str) -> None:
    said = markdown(paid_leader(7, 3990, text, text, "微信支付"), LINK)
    assert said.count(f"[打开订单]({LINK})") == 1 and said.startswith("**新订单 #7 ¥39.90**\n> ")
    assert _LINKS.findall(said.replace(f"[打开订单]({LINK})", "")) == []
    assert said.count("**") == 2


def test_plain_messages_are_as_they_were() -> None:
    assert (
        markdown(Words("新订单 #1", "小满 · 苹果"), LINK)
        == f"**新订单 #1**\n> 小满 · 苹果\n[打开订单]({LINK})"
    )
    assert markdown(Words("卖场已恢复", ""), LINK) == f"**卖场已恢复**\n[打开订单]({LINK})"


def test_a_mail_is_plain_text_with_our_own_headers_only() -> None:
    client = SmtpClient(EmailSettings(host="localhost", port=25, sender="shop@example.com"))
    for text in PAYLOADS:
        message = client._message(
            "a@example.com", one_line(f"[{text}] 新订单"), f"{text}\n", "", "<1@yantuan>"
        )
        assert message.get_content_type() == "text/plain"
        assert set(message.keys()) == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
        }  # fmt: skip
        assert message["To"] == "a@example.com"


@pytest.mark.django_db
def test_a_store_named_with_a_line_break_still_gets_its_mail(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []

    class Mail:
        def send(self, to: str, subject: str, text: str, **_: Any) -> str:
            assert "\n" not in subject and "\r" not in subject
            sent.append((to, subject))
            return "<1@yantuan>"

    monkeypatch.setattr(sending, "mail", Mail)
    monkeypatch.setattr(sending.config(), "smtp_host", "mail.example")
    Store.objects.filter(id=shop.store.id).update(name="小满\r\nBcc: b@evil.example")
    LeaderChannel.objects.create(
        store_id=shop.store.id,
        kind="email",
        target_sealed=seal("channel", "a@example.com"),
        enabled=True,
        created_at=now(),
        updated_at=now(),
    )
    row = Delivery.objects.create(
        channel="email", recipient=str(shop.store.id), title="新订单 #1", body="x", due_at=now(), created_at=now(), state="waiting",
    )  # fmt: skip
    sending.deliver("email", str(shop.store.id))
    row.refresh_from_db()
    assert row.state == "sent" and sent == [("a@example.com", "[小满 Bcc: b@evil.example] 新订单 #1")]
