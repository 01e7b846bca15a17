"""Publishing waits for the check: nothing is public before, and what passes is published by itself, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contentworld import Hall
from django.test import Client

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict
from yantuan.kernel.models import OutboxEvent
from yantuan.media.models import Media
from yantuan.moderation import actions, jobs
from yantuan.moderation.models import Submission, Verdict


def words(text: str) -> dict[str, str]:
    return {"kind": "text", "text": text}


def shot(media_id: int) -> dict[str, str]:
    return {"kind": "picture", "media_id": str(media_id)}


def test_good_words_and_pictures_open_by_themselves(hall: Hall) -> None:
    sale = hall.draft("周末水果团", words("今早现摘"), shot(hall.picture("green")))
    waiting = hall.boss.ok("POST", f"/leader/group-buys/{sale['id']}/publish")
    assert (waiting["status"], waiting["status_label"]) == ("draft", "审核中")
    assert waiting["review"]["sentence"] == "内容审核中，一般几分钟，通过后自动开团"
    assert hall.reachable(sale) == []
    outbox.drain()
    assert hall.sale(sale)["review"]["state"] == "waiting" and hall.reachable(sale) == []
    hall.judge_pictures()
    opened = hall.sale(sale)
    assert (opened["status"], opened["review"]) == ("open", None)
    assert "shop" in hall.reachable(sale) and "poster" in hall.reachable(sale)
    assert {c["openid"] for c in hall.checks()} == {hall.openid}


def test_a_risky_text_leaves_nothing_public(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", words("今早现摘"), words("顺带卖违禁烟花")))
    assert (sale["status"], sale["status_label"]) == ("draft", "审核未通过")
    assert [(p["place"], p["label"]) for p in sale["review"]["problems"]] == [("介绍第 2 段", "违法犯罪")]
    assert sale["review"]["sentence_en"] == (
        "The content did not pass the check: introduction, part 2 (illegal). Change or replace it and submit it again."
    )
    assert (
        "介绍第 2 段（违法犯罪）" in sale["review"]["sentence"] and "违禁" not in sale["review"]["sentence"]
    )
    assert hall.reachable(sale) == []
    row = GroupBuy.objects.get(id=int(sale["id"]))
    assert (row.state, row.published_at) == ("draft", None)


def test_a_risky_picture_is_no_longer_served_to_anybody(hall: Hall) -> None:
    hall.control("POST", "/content", colours={"red": "risky:20002"})
    media = Media.objects.get(id=hall.picture("red"))
    sale = hall.publish(hall.draft("周末水果团", shot(media.id)))
    hall.judge_pictures()
    found = hall.sale(sale)["review"]
    named = [(p["place"], p["place_en"], p["label"], p["label_en"]) for p in found["problems"]]
    assert found["state"] == "rejected"
    assert named == [("介绍第 1 段图片", "introduction, picture in part 1", "色情", "pornography")]
    assert hall.reachable(sale) == []
    media.refresh_from_db()
    assert media.private


def test_mended_and_published_again(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", words("违禁烟花")))
    assert sale["review"]["state"] == "rejected"
    first = len(hall.checks())
    body = hall.body(
        "周末水果团",
        words("新鲜烟台苹果"),
        offers=[{"sku_id": sale["offers"][0]["sku_id"], "price_fen": 3990}],
    )
    hall.boss.ok("PUT", f"/leader/group-buys/{sale['id']}", body)
    assert hall.publish(sale)["status"] == "draft"
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "open"
    asked = [c["content"] for c in hall.checks("text")]
    # Only the new text was asked about: the title and the goods had been judged before.
    assert asked.count("周末水果团") == 1 and len(hall.checks()) == first + 1


def test_the_same_content_is_not_checked_twice(hall: Hall) -> None:
    hall.opened(words("今早现摘"))
    before = len(hall.checks())
    product = hall.store.products.get()
    again = hall.draft("周末水果团", words("今早现摘"), product=product)
    published = hall.boss.ok("POST", f"/leader/group-buys/{again['id']}/publish")
    assert (published["status"], published["review"]) == ("open", None)
    assert len(hall.checks()) == before


def test_a_scheduled_opening_waits_for_the_check(hall: Hall) -> None:
    sale = hall.publish(
        hall.draft(
            "周末水果团", shot(hall.picture("green")), starts_at=(now() + timedelta(hours=2)).isoformat()
        )
    )
    assert sale["status"] == "draft" and hall.reachable(sale) == []
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "coming"


def test_a_sale_whose_time_has_passed_meanwhile_says_so(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    GroupBuy.objects.filter(id=int(sale["id"])).update(
        starts_at=now() - timedelta(2), ends_at=now() - timedelta(1)
    )
    hall.judge_pictures()
    found = hall.sale(sale)
    assert found["status"] == "draft" and found["review"]["state"] == "rejected"
    assert "结束" in found["review"]["sentence"] and hall.reachable(sale) == []


def test_pushes_twice_and_forged(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    pictures = [c for c in hall.checks("picture") if c["suggest"] == ""]
    for check in pictures[:-1]:
        hall.judge(check)
    last = pictures[-1]
    for flaw in ("bad_signature", "foreign_appid", "bad_ciphertext"):
        assert hall.tell(last, "pass", 100, 0, flaw) >= 400
        assert hall.sale(sale)["status"] == "draft"
    number = hall.control("POST", "/content/judge", trace_id=last["trace_id"], suggest="pass")["push"]
    assert [hall.deliver(number), hall.deliver(number)] == [200, 200]
    published = GroupBuy.objects.get(id=int(sale["id"])).published_at
    assert published is not None
    # Another push about the same picture, saying the same: still published once.
    assert hall.tell(last, "pass") == 200
    assert GroupBuy.objects.get(id=int(sale["id"])).published_at == published


def test_a_picture_that_could_not_be_fetched_waits_for_a_person(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    for check in hall.checks("picture"):
        hall.tell(check, "", 0, -1008)
    assert hall.sale(sale)["review"]["state"] == "doubtful" and hall.reachable(sale) == []


def test_the_address_for_the_platform_lives_only_as_long_as_needed(hall: Hall) -> None:
    hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    path = hall.checks("picture")[0]["content"].removeprefix("http://testserver")
    good = Client().get(path)
    assert (good.status_code, good["Content-Type"], good["Cache-Control"]) == (
        200,
        "image/jpeg",
        "private, no-store",
    )
    hall.judge_pictures()
    assert Client().get(path).status_code == 404


def test_half_an_hour_without_an_answer_then_risky(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    Verdict.objects.filter(state="asked").update(created_at=now() - timedelta(minutes=31))
    jobs.watch()
    assert hall.sale(sale)["review"]["sentence"] == "内容需要人工审核，通过后自动开团"
    hall.tell(hall.checks("picture")[0], "risky", 20002)
    assert hall.sale(sale)["review"]["state"] == "rejected" and hall.reachable(sale) == []


def test_an_author_not_seen_for_two_hours_goes_to_the_queue_and_can_try_again(hall: Hall) -> None:
    hall.seen(seconds_ago=2 * 3600 + 60)
    sale = hall.publish(hall.draft())
    assert sale["review"]["state"] == "doubtful" and hall.checks() == []
    assert set(Verdict.objects.values_list("state", "cause")) == {("doubtful", "inactive")}
    hall.seen()
    hall.publish(sale)
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "open"


def test_approved_by_an_operator_once(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", words("疑似文字")))
    hall.judge_pictures()
    assert hall.sale(sale)["review"]["state"] == "doubtful" and hall.reachable(sale) == []
    row = hall.submission(sale)
    actions.approve(row.id, "没有问题", 7)
    assert hall.sale(sale)["status"] == "open"
    with pytest.raises(Conflict) as refused:
        actions.approve(row.id, "再点一次", 7)
    assert refused.value.code == "submission_decided"
    assert GroupBuy.objects.filter(state="published").count() == 1


def test_rejected_by_an_operator_with_a_reason(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", words("疑似文字")))
    hall.judge_pictures()
    actions.reject(hall.submission(sale).id, "请写清产地", 7)
    found = hall.sale(sale)["review"]
    assert found["state"] == "rejected" and "请写清产地" in found["sentence"] and hall.reachable(sale) == []


def test_fail_open_shows_it_and_a_late_no_goes_to_the_operator(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YANTUAN_CONTENT_CHECK_FAIL_OPEN", "true")
    config.cache_clear()
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    checks = hall.checks("picture")
    Verdict.objects.filter(state="asked").update(created_at=now() - timedelta(minutes=31))
    jobs.watch()
    assert hall.sale(sale)["status"] == "open"
    hall.tell(checks[0], "risky", 20002)
    row = hall.submission(sale)
    assert (row.state, row.live, hall.sale(sale)["status"]) == ("doubtful", True, "open")
    actions.reject(row.id, "图片不合规", 7)
    page = hall.sale(sale)
    assert (page["status"], page["title"], page["blocks"], page["offers"]) == ("closed", "已下架", [], [])


def test_quota_and_busy_come_again_and_lose_nothing(hall: Hall) -> None:
    hall.fault("wechat_quota", operation="/wxa/msg_sec_check", times=0)
    sale = hall.publish(hall.draft())
    assert sale["review"]["state"] == "waiting"
    held = OutboxEvent.objects.filter(topic="moderation.check", state="pending")
    assert held.count() > 0 and set(held.values_list("attempts", flat=True)) == {0}
    hall.control("DELETE", "/faults")
    held.update(available_at=now())
    outbox.drain()
    hall.judge_pictures()
    assert hall.sale(sale)["status"] == "open"


def test_without_the_switch_nothing_waits(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    monkeypatch.setenv("YANTUAN_CONTENT_CHECK", "false")
    config.cache_clear()
    sale = hall.publish(hall.draft("另一个团", words("违禁烟花")))
    assert (sale["status"], sale["review"]) == ("open", None)
    jobs.watch()
    assert hall.sale(waiting)["status"] == "open"
    assert Submission.objects.get().state == "passed"


def test_thrown_away_while_it_waits(hall: Hall) -> None:
    sale = hall.publish(hall.draft("周末水果团", shot(hall.picture("green"))))
    hall.boss.ok("DELETE", f"/leader/group-buys/{sale['id']}")
    hall.judge_pictures()
    assert hall.submission(sale).state == "withdrawn" and hall.reachable(sale) == []
