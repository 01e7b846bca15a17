"""Profit sharing: frozen money, who gets what, what is refused, and a book that always balances."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sim_merchant import Merchant
from sim_partner import Partner

MERCHANT = "MERCHANT_ID"


def fails(response, status: int, code: str) -> bool:  # type: ignore[no-untyped-def]
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return True


def test_share_then_unfreeze_moves_exactly_the_money_paid(partner: Partner) -> None:
    sp = partner.receives()
    person = partner.world.openid_of(partner.credentials.mini_appid, "林姐")
    assert partner.add_receiver("PERSONAL_OPENID", person).status_code == 200
    _number, transaction = partner.shared_order()
    assert partner.balance(f"frozen:{partner.sub}") == 3990
    assert partner.unsplit(transaction) == 3990 - 24
    answer = partner.share(transaction, "S1", (MERCHANT, sp, 500), ("PERSONAL_OPENID", person, 199))
    assert answer.status_code == 200 and answer.json()["state"] == "PROCESSING"
    assert {part["result"] for part in answer.json()["receivers"]} == {"PENDING"}
    assert answer.json()["receivers"][0]["finish_time"].startswith("1970-01-01")
    done = partner.share_state("S1", transaction)
    assert done["state"] == "FINISHED" and {part["result"] for part in done["receivers"]} == {"SUCCESS"}
    assert partner.balance(f"merchant:{sp}") == 500 and partner.balance("user:林姐") == 199
    freed = partner.unfreeze(transaction, "S2")
    assert freed.status_code == 200
    rest = partner.share_state("S2", transaction)
    assert [(p["account"], p["amount"], p["result"]) for p in rest["receivers"]] == [
        (partner.sub, 3291, "SUCCESS")
    ]
    assert (
        partner.balance(f"merchant:{partner.sub}") == 3291 and partner.balance(f"frozen:{partner.sub}") == 0
    )
    assert partner.unsplit(transaction) == 0
    book = partner.look("/book")
    assert sum(book["accounts"].values()) == 0 and book["totals"]["shared"] == 699


def test_the_same_number_answers_the_same_and_other_facts_are_refused(partner: Partner) -> None:
    sp = partner.receives()
    _, transaction = partner.shared_order()
    first = partner.share(transaction, "S1", (MERCHANT, sp, 100)).json()
    again = partner.share(transaction, "S1", (MERCHANT, sp, 100)).json()
    assert again["order_id"] == first["order_id"]
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 101)), 400, "INVALID_REQUEST")
    fails(partner.unfreeze(transaction, "S1"), 400, "INVALID_REQUEST")
    assert partner.balance(f"merchant:{sp}") == 100


def test_what_may_not_be_shared(partner: Partner) -> None:
    sp = partner.receives()
    plain = partner.query(partner.paid())["transaction_id"]
    fails(partner.share(plain, "S1", (MERCHANT, sp, 1)), 400, "INVALID_REQUEST")
    _, transaction = partner.shared_order()
    fails(partner.share("4200000000000000000000000000", "S1", (MERCHANT, sp, 1)), 404, "RESOURCE_NOT_EXISTS")
    fails(partner.share(transaction, "S1", (MERCHANT, "1900000109", 1)), 400, "INVALID_REQUEST")
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 0)), 400, "PARAM_ERROR")
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 1), (MERCHANT, sp, 1)), 400, "PARAM_ERROR")
    fails(partner.share(transaction, "S1"), 400, "PARAM_ERROR")
    fails(partner.share(transaction, "S1", *[(MERCHANT, sp, 1)] * 51), 400, "PARAM_ERROR")
    fails(partner.share(transaction, "S1", ("PERSONAL_OPENID", "foreign", 1)), 400, "PARAM_ERROR")
    # Thirty percent of what is left after the fee, over all shares together.
    most = (3990 - 24) * 3 // 10
    assert partner.share(transaction, "S1", (MERCHANT, sp, most - 1)).status_code == 200
    fails(partner.share(transaction, "S2", (MERCHANT, sp, 2)), 400, "INVALID_REQUEST")
    assert partner.share(transaction, "S2", (MERCHANT, sp, 1)).status_code == 200
    partner.look("/book")
    assert partner.balance(f"merchant:{sp}") == most


def test_a_fresh_payment_may_not_be_shared_for_a_minute(partner: Partner) -> None:
    sp = partner.receives()
    partner.sim("/config", share_wait_seconds=60)
    _, transaction = partner.shared_order()
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 1)), 400, "INVALID_REQUEST")
    partner.sim("/clock", offset_seconds=61)
    assert partner.share(transaction, "S1", (MERCHANT, sp, 1)).status_code == 200


def test_the_ratio_is_the_sub_merchants_word(partner: Partner) -> None:
    sp = partner.receives()
    partner.sim(f"/sub_merchants/{partner.sub}", max_ratio=1000)
    config = partner.get(f"/v3/profitsharing/merchant-configs/{partner.sub}").json()
    assert config == {"sub_mchid": partner.sub, "max_ratio": 1000}
    _, transaction = partner.shared_order()
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 397)), 400, "INVALID_REQUEST")
    assert partner.share(transaction, "S1", (MERCHANT, sp, 396)).status_code == 200
    partner.sim(f"/sub_merchants/{partner.sub}", sharing_allowed=False)
    fails(partner.share(transaction, "S2", (MERCHANT, sp, 1)), 403, "NO_AUTH")
    fails(
        partner.post("/v3/pay/partner/transactions/jsapi", partner.order(settle_info={"profit_sharing": True})),
        400, "INVALID_REQUEST",
    )  # fmt: skip


def test_receivers_are_checked(partner: Partner) -> None:
    sp, name = partner.own["mchid"], partner.own["name"]
    fails(partner.add_receiver(MERCHANT, sp), 400, "PARAM_ERROR")
    fails(partner.add_receiver(MERCHANT, sp, "别的名字"), 400, "INVALID_REQUEST")
    fails(partner.add_receiver(MERCHANT, partner.sub, "杭州阿禾果业有限公司"), 400, "INVALID_REQUEST")
    fails(partner.add_receiver("PERSONAL_OPENID", "foreign"), 400, "PARAM_ERROR")
    fails(partner.add_receiver("PERSONAL_SUB_OPENID", "foreign"), 400, "PARAM_ERROR")
    fails(partner.add_receiver(MERCHANT, sp, name, relation_type="CUSTOM"), 400, "PARAM_ERROR")
    unnamed = {
        "sub_mchid": partner.sub, "appid": partner.credentials.mini_appid, "type": MERCHANT, "account": sp,
        "relation_type": "STORE", "name": partner.sealed(name),
    }  # fmt: skip
    # Sealed without saying for which key, and not sealed at all.
    fails(partner.post("/v3/profitsharing/receivers/add", unnamed), 400, "PARAM_ERROR")
    fails(
        partner.post_sealed("/v3/profitsharing/receivers/add", {**unnamed, "name": name}), 400, "PARAM_ERROR"
    )
    assert partner.world.db.number("SELECT count(*) FROM share_receivers") == 0
    assert partner.add_receiver(MERCHANT, sp, name).status_code == 200
    assert partner.add_receiver(MERCHANT, sp, name).status_code == 200
    assert partner.world.db.number("SELECT count(*) FROM share_receivers") == 1


def test_a_receiver_deleted_meanwhile_gets_nothing_and_the_money_stays(partner: Partner) -> None:
    sp = partner.receives()
    partner.sim("/config", share_seconds=600)
    _, transaction = partner.shared_order()
    partner.share(transaction, "S1", (MERCHANT, sp, 500), unfreeze_unsplit=True)
    gone = {
        "sub_mchid": partner.sub,
        "appid": partner.credentials.mini_appid,
        "type": MERCHANT,
        "account": sp,
    }
    assert partner.post("/v3/profitsharing/receivers/delete", gone).status_code == 200
    partner.sim("/clock", offset_seconds=601)
    done = partner.share_state("S1", transaction)
    assert [(p["result"], p.get("fail_reason"), p["amount"]) for p in done["receivers"]] == [
        ("CLOSED", "NO_RELATION", 500), ("SUCCESS", None, 3990),
    ]  # fmt: skip
    assert partner.balance(f"merchant:{partner.sub}") == 3990 and partner.balance(f"merchant:{sp}") == 0


def test_thirty_days_set_the_money_free(partner: Partner) -> None:
    sp = partner.receives()
    _, transaction = partner.shared_order()
    partner.sim("/clock", offset_seconds=30 * 86400 + 1)
    assert partner.balance(f"merchant:{partner.sub}") == 3990
    fails(partner.share(transaction, "S1", (MERCHANT, sp, 1)), 400, "INVALID_REQUEST")
    fails(partner.unfreeze(transaction, "S1"), 400, "INVALID_REQUEST")


def test_return_before_refund(partner: Partner) -> None:
    sp = partner.receives()
    number, transaction = partner.shared_order()
    partner.share(transaction, "S1", (MERCHANT, sp, 500), unfreeze_unsplit=True)
    partner.look("/book")
    fails(partner.refund(number, 3990, "R1"), 403, "NOT_ENOUGH")
    fails(partner.take_back("S1", "B1", 501), 400, "INVALID_REQUEST")
    fails(partner.take_back("S9", "B1", 500), 404, "RESOURCE_NOT_EXISTS")
    fails(partner.take_back("S1", "B1", 500, return_mchid="1900000109"), 400, "INVALID_REQUEST")
    done = partner.take_back("S1", "B1", 500).json()
    assert (done["result"], done["amount"], done["out_order_no"]) == ("SUCCESS", 500, "S1")
    assert partner.take_back("S1", "B1", 500).json()["return_id"] == done["return_id"]
    fails(partner.take_back("S1", "B1", 499), 400, "INVALID_REQUEST")
    fails(partner.take_back("S1", "B2", 1), 400, "INVALID_REQUEST")
    asked = partner.get(f"/v3/profitsharing/return-orders/B1?out_order_no=S1&sub_mchid={partner.sub}").json()
    assert asked == done
    assert partner.refund(number, 3990, "R1").status_code == 200
    assert partner.refund_state("R1")["status"] == "SUCCESS"
    assert {v for k, v in partner.look("/book")["accounts"].items()} == {0}


def test_a_failed_return_says_why(partner: Partner) -> None:
    sp = partner.receives()
    number, transaction = partner.shared_order()
    partner.share(transaction, "S1", (MERCHANT, sp, 500))
    partner.look("/book")
    partner.sim("/faults", kind="share_return_failed", out_trade_no=number)
    failed = partner.take_back("S1", "B1", 500).json()
    assert (failed["result"], failed["fail_reason"]) == ("FAILED", "BALANCE_NOT_ENOUGH")
    assert partner.take_back("S1", "B1", 500).json()["result"] == "FAILED"
    assert partner.balance(f"merchant:{sp}") == 500
    assert partner.take_back("S1", "B2", 500).json()["result"] == "SUCCESS"


def test_a_person_cannot_be_asked_to_return(partner: Partner) -> None:
    person = partner.world.openid_of(partner.credentials.mini_appid, "林姐")
    partner.add_receiver("PERSONAL_OPENID", person)
    _, transaction = partner.shared_order()
    partner.share(transaction, "S1", ("PERSONAL_OPENID", person, 500))
    partner.look("/book")
    fails(partner.take_back("S1", "B1", 500, return_mchid=person[:32]), 400, "INVALID_REQUEST")
    assert partner.balance("user:林姐") == 500


def test_a_direct_merchant_shares_too(merchant: Merchant) -> None:
    merchant.sim("/config", share_seconds=0, share_wait_seconds=0)
    person = merchant.world.openid_of(merchant.credentials.mini_appid, "老周")
    who = {"appid": merchant.credentials.mini_appid, "type": "PERSONAL_OPENID", "account": person}
    added = merchant.post("/v3/profitsharing/receivers/add", {**who, "relation_type": "STAFF"})
    assert added.status_code == 200
    number = merchant.paid(settle_info={"profit_sharing": True})
    transaction = merchant.query(number)["transaction_id"]
    body = {
        "appid": who["appid"], "transaction_id": transaction, "out_order_no": "S1", "unfreeze_unsplit": True,
        "receivers": [
            {"type": who["type"], "account": person, "amount": 199, "description": "团长服务费"}
        ],
    }  # fmt: skip
    fails(merchant.post("/v3/profitsharing/orders", {**body, "sub_mchid": "1900001001"}), 400, "PARAM_ERROR")
    assert merchant.post("/v3/profitsharing/orders", body).status_code == 200
    accounts = merchant.look("/book")["accounts"]
    assert (accounts["user:老周"], accounts["merchant:1900000109"], accounts["frozen:1900000109"]) == (
        199,
        3791,
        0,
    )


def test_a_receiving_merchant_is_told(partner: Partner) -> None:
    sp = partner.receives()
    partner.sim(f"/merchants/{sp}", share_notify_url="https://shop.test/notify/shares")
    number, transaction = partner.shared_order()
    partner.share(transaction, "S1", (MERCHANT, sp, 500))
    told = partner.notices(number)[-1]
    assert (told["event_type"], told["url"]) == ("PROFITSHARING.SUCCESS", "https://shop.test/notify/shares")
    assert told["resource"]["receiver"]["amount"] == 500 and told["resource"]["sub_mchid"] == partner.sub
    assert json.loads(told["rendered"]["body"])["resource"]["original_type"] == "profitsharing"
    partner.take_back("S1", "B1", 500)
    assert partner.notices(number)[-1]["event_type"] == "PROFITSHARING.RETURN"


STEP = st.tuples(st.sampled_from(["share", "rest", "free", "back", "refund", "wait"]), st.integers(1, 1500))


@pytest.mark.parametrize("pace", [0, 60])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=10))
def test_the_book_balances_whatever_is_shared(
    partner: Partner, pace: int, steps: list[tuple[str, int]]
) -> None:
    """Shares, returns, refunds and unfreezing in any order: no account but a buyer's ever goes below nothing."""
    partner.world.reset(keep_settings=True)
    partner.sim("/config", share_seconds=pace, refund_seconds=pace)
    sp = partner.receives()
    number, transaction = partner.shared_order()
    for index, (what, fen) in enumerate(steps):
        name = f"N{index}"
        match what:
            case "share":
                partner.share(transaction, name, (MERCHANT, sp, fen))
            case "rest":
                partner.share(transaction, name, (MERCHANT, sp, fen), unfreeze_unsplit=True)
            case "free":
                partner.unfreeze(transaction, name)
            case "back":
                partner.take_back("N0", name, fen)
            case "refund":
                partner.refund(number, fen, name)
            case "wait":
                partner.sim("/clock", offset_seconds=partner.world.clock.offset_seconds + 61)
        book = partner.look("/book")
        accounts = book["accounts"]
        assert sum(accounts.values()) == 0
        assert all(fen >= 0 for name, fen in accounts.items() if not name.startswith("user:")), accounts
        assert accounts["user:阿禾"] == book["totals"]["refunded"] - 3990
        assert accounts.get(f"merchant:{sp}", 0) == book["totals"]["shared"] <= (3990 - 24) * 3 // 10
