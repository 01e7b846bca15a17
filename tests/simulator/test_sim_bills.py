import gzip
import hashlib
from datetime import UTC, datetime, timedelta

from sim_merchant import Merchant

DAY = 86400


def day(shift: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(hours=8, days=shift)).date().isoformat()


def to_noon(merchant: Merchant, shift: int) -> None:
    """Set the clock to 12:00 in China, `shift` days from today."""
    now = datetime.now(UTC) + timedelta(hours=8)
    noon = now.replace(hour=12, minute=0, second=0) + timedelta(days=shift)
    merchant.sim("/clock", offset_seconds=(noon - now).total_seconds())


def announced(merchant: Merchant, query: str, name: str = "tradebill"):
    return merchant.get(f"/v3/bill/{name}?{query}")


def downloaded(merchant: Merchant, answer: dict) -> bytes:
    assert answer["download_url"].startswith("http://127.0.0.1:8001/v3/billdownload/file?token=")
    response = merchant.get(answer["download_url"].removeprefix("http://127.0.0.1:8001"))
    assert response.status_code == 200
    assert "Wechatpay-Signature" not in response.headers
    return response.content


def test_trade_bill_of_yesterday(merchant: Merchant) -> None:
    to_noon(merchant, 0)
    number = merchant.paid(description="苹果,5斤`大果", amount={"total": 5, "currency": "CNY"})
    merchant.paid()
    merchant.refund(number, 2, "R1", total=5)
    merchant.refund_state("R1")
    to_noon(merchant, 1)
    answer = announced(merchant, f"bill_date={day()}&bill_type=ALL&tar_type=GZIP").json()
    text = gzip.decompress(downloaded(merchant, answer))
    assert hashlib.sha1(text).hexdigest() == answer["hash_value"]
    lines = text.decode().splitlines()
    assert len(lines) == 6
    assert len(lines[0].split(",")) == 27
    cells = [line.removeprefix("`").split(",`") for line in lines]
    paid, other, refunded = cells[1:4]
    assert [len(row) for row in (paid, other, refunded)] == [27] * 3
    assert (paid[6], paid[8], paid[9], paid[12], paid[24]) == (number, "JSAPI", "SUCCESS", "0.05", "0.05")
    assert paid[20] == "苹果 5斤 大果"
    assert (other[12], other[22], other[23]) == ("39.90", "0.24000", "0.60%")
    assert refunded[9:20] == [
        "REFUND", "OTHERS", "CNY", "0.00", "0.00", refunded[14], "R1", "0.02", "0.00", "ORIGINAL", "SUCCESS",
    ]  # fmt: skip
    assert (refunded[24], refunded[25]) == ("0.00", "0.02")
    assert cells[5] == ["3", "39.95", "0.02", "0.00", "0.24000", "39.95", "0.02"]


def test_other_bill_types_have_their_columns(merchant: Merchant) -> None:
    merchant.sim("/config", bills_at_once=True)
    number = merchant.paid()
    merchant.refund(number, 10, "R1")
    merchant.refund_state("R1")
    for kind, columns in (("SUCCESS", 20), ("REFUND", 29)):
        answer = announced(merchant, f"bill_date={day()}&bill_type={kind}").json()
        lines = downloaded(merchant, answer).decode().splitlines()
        assert len(lines) == 4
        assert len(lines[0].split(",")) == len(lines[1].split(",`")) == columns


def test_fund_flow_bill(merchant: Merchant) -> None:
    merchant.sim("/config", bills_at_once=True)
    number = merchant.paid()
    merchant.refund(number, 1000, "R1")
    merchant.refund_state("R1")
    answer = announced(merchant, f"bill_date={day()}&account_type=BASIC&tar_type=GZIP", "fundflowbill").json()
    lines = gzip.decompress(downloaded(merchant, answer)).decode().splitlines()
    rows = [line.removeprefix("`").split(",`") for line in lines]
    assert [(row[5], row[6], row[7]) for row in rows[1:3]] == [
        ("收入", "39.90", "39.90"),
        ("支出", "10.00", "29.90"),
    ]
    assert rows[4] == ["2", "1", "39.90", "1", "10.00"]


def test_when_there_is_no_bill(merchant: Merchant) -> None:
    to_noon(merchant, 0)
    assert announced(merchant, f"bill_date={day(-1)}").json()["code"] == "NO_STATEMENT_EXIST"
    assert announced(merchant, f"bill_date={day(-1)}", "fundflowbill").json()["code"] == "NO_STATEMENT_EXIST"
    assert announced(merchant, f"bill_date={day()}").json()["code"] == "PARAM_ERROR"
    assert announced(merchant, f"bill_date={day(-93)}").json()["code"] == "PARAM_ERROR"
    assert announced(merchant, "bill_date=2026-5-1").json()["code"] == "PARAM_ERROR"
    assert announced(merchant, f"bill_date={day(-1)}&bill_type=SOME").json()["code"] == "PARAM_ERROR"
    offset = merchant.world.clock.offset_seconds
    merchant.sim("/clock", offset_seconds=offset - 3 * 3600)
    assert announced(merchant, f"bill_date={day(-1)}").json()["code"] == "STATEMENT_CREATING"


def test_links_are_short_lived_and_calls_signed(merchant: Merchant) -> None:
    merchant.sim("/config", bills_at_once=True)
    merchant.paid()
    url = announced(merchant, f"bill_date={day()}").json()["download_url"]
    target = url.removeprefix("http://127.0.0.1:8001")
    assert merchant.client.get(target, headers={"User-Agent": "tests"}).status_code == 401
    merchant.sim("/clock", offset_seconds=301)
    assert merchant.get(target).json()["code"] == "RESOURCE_NOT_EXISTS"


def test_faulty_bills(merchant: Merchant) -> None:
    merchant.sim("/config", bills_at_once=True)
    missing, wrong = merchant.paid(), merchant.paid()
    merchant.sim("/faults", kind="bill_row_missing", out_trade_no=missing)
    merchant.sim("/faults", kind="bill_row_amount", out_trade_no=wrong, value="7")
    answer = announced(merchant, f"bill_date={day()}").json()
    text = downloaded(merchant, answer).decode()
    assert missing not in text
    assert "`39.97," in text
    merchant.sim("/faults", kind="bill_wrong_hash")
    answer = announced(merchant, f"bill_date={day()}").json()
    assert hashlib.sha1(downloaded(merchant, answer)).hexdigest() != answer["hash_value"]
