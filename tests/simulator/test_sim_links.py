"""Links, changing cards, service cards and the owner's own questions: what the simulator takes and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sim_merchant import Merchant
from test_sim_wechat import post, read, token

PAGE = "pages/g/index"


def links(merchant: Merchant) -> Any:
    return merchant.client.get("/_sim/links").json()


def urllink(merchant: Merchant, **changes: Any) -> int:
    body = {"path": PAGE, "query": "code=a", "expire_type": 1, "expire_interval": 7, **changes}
    return int(post(merchant, "/wxa/generate_urllink", body)["errcode"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"path": "/pages/g/index"}, 40165),
        ({"query": "a" * 1025}, 40212),
        ({"query": "名=1"}, 40212),
        ({"expire_type": 2}, 85402),
        ({"expire_type": 0}, 85401),
        ({"expire_type": 0, "expire_time": 1}, 85401),
        ({"expire_interval": 31}, 85407),
    ],
)
def test_a_wrong_link_is_refused_and_not_kept(merchant: Merchant, changes: dict[str, Any], code: int) -> None:
    assert urllink(merchant, **changes) == code
    assert links(merchant)["links"] == []


def test_a_link_is_kept_with_where_it_leads(merchant: Merchant) -> None:
    assert urllink(merchant) == 0
    (kept,) = links(merchant)["links"]
    assert (kept["path"], kept["query"]) == (PAGE, "code=a")
    assert post(merchant, "/wxa/query_urllink", {"url_link": kept["link"]})["url_link_info"]["path"] == PAGE


def test_only_published_pages_have_links(merchant: Merchant) -> None:
    merchant.sim("/config", pages=["pages/home/index"])
    assert urllink(merchant) == 85079
    assert urllink(merchant, env_version="trial") == 0
    short = {"page_url": f"{PAGE}?code=a", "page_title": "五月水果团"}
    assert post(merchant, "/wxa/genwxashortlink", short)["errcode"] == 85400
    merchant.sim("/config", pages=[])
    assert post(merchant, "/wxa/genwxashortlink", short)["link"].startswith("#小程序://")
    assert post(merchant, "/wxa/genwxashortlink", {"page_url": ""})["errcode"] == 40066
    assert post(merchant, "/wxa/genwxashortlink", {**short, "page_title": "很" * 21})["errcode"] == 40225


def test_an_activity_counts_starts_and_ends(merchant: Merchant) -> None:
    made = read(
        merchant.client.get(f"/cgi-bin/message/wxopen/activityid/create?access_token={token(merchant)}")
    )
    members = [{"name": "member_count", "value": "3"}, {"name": "room_limit", "value": "50"}]

    def update(**changes: Any) -> int:
        body = {
            "activity_id": made["activity_id"],
            "target_state": 0,
            "template_info": {"parameter_list": members},
        }
        return int(post(merchant, "/cgi-bin/message/wxopen/updatablemsg/send", body | changes)["errcode"])

    assert update(activity_id="x") == 47501
    assert update(target_state=2) == 47502
    assert update(template_info={"parameter_list": []}) == 47001
    wrong = [*members, {"name": "version_type", "value": "x"}]
    assert update(template_info={"parameter_list": wrong}) == 47503
    assert links(merchant)["activities"][0]["changes"] == 0
    assert update() == 0 and links(merchant)["activities"][0]["shown"]["member_count"] == "3"
    assert update(target_state=1, template_info={"parameter_list": []}) == 47001
    onward = [{"name": "path", "value": PAGE}, {"name": "version_type", "value": "release"}]
    assert update(target_state=1, template_info={"parameter_list": onward[:1]}) == 47001
    assert update(target_state=1, template_info={"parameter_list": onward}) == 0
    assert links(merchant)["activities"][0]["shown"] == {"path": PAGE, "version_type": "release"}
    assert update() == 47502
    assert update(target_state=1, template_info={"parameter_list": onward}) == 47502
    merchant.sim("/clock", offset_seconds=86_500)
    assert update(target_state=1) == 47504


def test_templates_name_their_fields_and_a_message_needs_each(merchant: Merchant) -> None:
    merchant.sim("/config", templates=["shipped=thing1 character_string2"])
    listed = read(merchant.client.get(f"/wxaapi/newtmpl/gettemplate?access_token={token(merchant)}"))["data"]
    content = {one["priTmplId"]: one["content"] for one in listed}
    assert content["shipped"] == "thing1:{{thing1.DATA}}\ncharacter_string2:{{character_string2.DATA}}\n"
    openid = merchant.world.openid_of(merchant.credentials.mini_appid, "小雁")
    merchant.sim("/consents", user="小雁", template_id="shipped")
    body = {"touser": openid, "template_id": "shipped", "data": {"thing1": {"value": "x"}}}
    refused = post(merchant, "/cgi-bin/message/subscribe/send", body)
    assert refused["errcode"] == 47003 and "data.character_string2.value" in refused["errmsg"]
    body["data"] = {"thing1": {"value": "x"}, "character_string2": {"value": "SF1"}}
    assert post(merchant, "/cgi-bin/message/subscribe/send", body)["errcode"] == 0
    merchant.sim("/config", new_order_deleted=True)
    listed = read(merchant.client.get(f"/wxaapi/newtmpl/gettemplate?access_token={token(merchant)}"))["data"]
    assert [one["priTmplId"] for one in listed] == ["shipped"]


def test_quota_is_told_per_path(merchant: Merchant) -> None:
    asked = {"cgi_path": "/wxa/generate_urllink"}
    urllink(merchant)
    first = post(merchant, "/cgi-bin/openapi/quota/get", asked)["quota"]
    assert (first["daily_limit"], first["used"], first["remain"]) == (500_000, 1, 499_999)
    assert post(merchant, "/cgi-bin/openapi/quota/get", {"cgi_path": "nonsense"})["errcode"] == 76021
    merchant.sim("/faults", kind="wechat_quota_low")
    assert post(merchant, "/cgi-bin/openapi/quota/get", asked)["quota"]["remain"] == 0


def test_any_documented_code_can_be_ordered(merchant: Merchant) -> None:
    merchant.sim(
        "/faults", kind="wechat_code", operation="/wxa/generate_urllink", value="40164:invalid ip 203.0.113.9"
    )
    body = {"path": PAGE, "expire_type": 1, "expire_interval": 7}
    refused = post(merchant, "/wxa/generate_urllink", body)
    assert refused["errcode"] == 40164 and "203.0.113.9" in refused["errmsg"]
    assert urllink(merchant) == 0


PRODUCT = {"product_img": "https://shop.test/a.jpg", "product_name": "葡萄", "product_path_query": PAGE}


class TestCard:
    """`/wxa/set_user_notify`."""

    @pytest.fixture(autouse=True)
    def paid(self, merchant: Merchant) -> None:
        self.merchant = merchant
        world = merchant.world
        self.openid = world.openid_of(merchant.credentials.mini_appid, "小雁")
        self.at = world.clock.now()
        world.db.insert(
            "orders",
            out_trade_no="P1", trade_type="JSAPI", request="{}", appid=merchant.credentials.mini_appid,
            mchid=merchant.credentials.mchid, description="x", attach="", notify_url="http://shop.test/n", total=3990,
            openid=self.openid, created_at=self.at, expires_at=self.at + 900, state="SUCCESS", transaction_id="42001",
            paid_at=self.at, payer_openid=self.openid, payer="小雁",
        )  # fmt: skip

    def send(self, state: int = 2, check: Any = None, content: Any = None, **changes: Any) -> int:
        full = {
            "cur_status": state, "wxa_path_query": "pages/order/index?id=1", "product_count": 1,
            "product_list": {"info_list": [PRODUCT]}, "send_time": int(self.at),
        }  # fmt: skip
        body = {
            "openid": self.openid, "notify_type": 2001, "notify_code": "42001",
            "content_json": json.dumps(full | (content or {})),
            "check_json": json.dumps(check or {"pay_amount": 3990, "pay_time": int(self.at), "pay_channel": 0}),
        }  # fmt: skip
        return int(post(self.merchant, "/wxa/set_user_notify", body | changes)["errcode"])

    def cards(self) -> Any:
        return self.merchant.client.get("/_sim/cards").json()["cards"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"openid": "x"}, 40003),
            ({"notify_type": 2009}, 85434),
            ({"notify_code": "42002"}, 85437),
            ({"content_json": ""}, 85440),
            ({"content_json": "["}, 85441),
            ({"content": {"cur_status": 9}}, 85439),
            ({"content": {"product_list": {}}}, 85440),
            ({"content": {"product_list": {"info_list": [{"product_name": "x"}]}}}, 85435),
            ({"content": {"product_list": {"info_list": [PRODUCT | {"product_img": ""}]}}}, 85435),
            ({"content": {"product_list": {"info_list": [PRODUCT | {"product_img": "/a.jpg"}]}}}, 85435),
            ({"content": {"product_count": "1"}}, 85440),
            ({"content": {"wxa_path_query": ""}}, 85440),
            ({"content": {"cur_status": 5}}, 85439),
            ({"notify_type": 2002, "state": 3}, 85439),
            ({"check": {"pay_amount": 1, "pay_time": 1}}, 85433),
            ({"check_json": "["}, 85433),
            ({"state": 3}, 85439),
        ],
    )
    def test_a_wrong_card_is_refused(self, changes: dict[str, Any], code: int) -> None:
        assert self.send(**changes) == code
        assert self.cards() == []

    def test_a_card_begins_goes_on_and_ends(self) -> None:
        assert self.send() == 0
        assert self.send() == 85448
        assert self.send(3) == 0
        assert self.send(2) == 85439
        assert self.send(4, content_json=json.dumps({"cur_status": 4, "wxa_path_query": PAGE})) == 0
        assert self.send(4) == 85439
        assert self.send(3) == 85439
        (card,) = self.cards()
        assert (card["state"], card["updates"]) == (4, 2)
        self.merchant.sim("/clock", offset_seconds=31 * 86400)
        assert self.send(3) == 85438

    def test_a_day_after_paying_is_too_late(self) -> None:
        self.merchant.sim("/clock", offset_seconds=86_500)
        assert self.send() == 85438
        assert self.cards() == []
