"""Onboarding of sub-merchants: pictures, the sealed application, its states, and who may do what when."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from sim_merchant import Merchant
from sim_partner import Partner

PICTURE = b"\x89PNG\r\n\x1a\nnot looked at any further"
BASE = "/v3/applyment4sub/applyment"
REJECTION = {
    "field": "bank_account_info.account_name",
    "field_name": "开户名称",
    "reject_reason": "与执照不符",
}


def upload(partner: Partner, **changes: Any) -> httpx.Response:
    """An upload as documented; `changes` spoil a part of it."""
    name = changes.get("filename", "licence.png")
    told = {"filename": name, "sha256": changes.get("sha256", hashlib.sha256(PICTURE).hexdigest())}
    meta, mark = json.dumps(told), "xxBOUNDARYxx"
    content = changes.get("content", PICTURE)
    body = (
        (
            f'--{mark}\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{meta}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: image/png\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{mark}--\r\n".encode()
    )
    target = "/v3/merchant/media/upload"
    headers = {
        "Authorization": partner.authorization("POST", target, changes.get("signed", meta)),
        "Accept": "application/json",
        "User-Agent": "tests",
        "Content-Type": changes.get("content_type", f"multipart/form-data; boundary={mark}"),
    }
    return partner.client.post(target, content=body, headers=headers)


def application(partner: Partner, code: str = "APPLY-1", **changes: Any) -> dict[str, Any]:
    seal = partner.sealed
    media = upload(partner).json()["media_id"]
    return {
        "business_code": code,
        "contact_info": {
            "contact_type": "LEGAL", "contact_name": seal("陈小禾"), "mobile_phone": seal("13800138000"),
            "contact_email": seal("he@example.com"),
        },
        "subject_info": {
            "subject_type": "SUBJECT_TYPE_INDIVIDUAL",
            "business_license_info": {
                "license_copy": media, "license_number": "91330100MA2XXXXX0A",
                "merchant_name": "杭州市西湖区阿禾水果店", "legal_person": "陈小禾",
            },
            "identity_info": {
                "id_doc_type": "IDENTIFICATION_TYPE_IDCARD", "owner": True,
                "id_card_info": {
                    "id_card_copy": media, "id_card_national": media, "id_card_name": seal("陈小禾"),
                    "id_card_number": seal("110101199003070000"), "card_period_begin": "2020-01-01",
                    "card_period_end": "长期",
                },
            },
        },
        "business_info": {
            "merchant_shortname": "阿禾水果", "service_phone": "0571-88888888",
            "sales_info": {
                "sales_scenes_type": ["SALES_SCENES_MINI_PROGRAM"],
                "mini_program_info": {"mini_program_appid": partner.credentials.mini_appid},
            },
        },
        "settlement_info": {"settlement_id": "719", "qualification_type": "零售批发/生活娱乐/其他"},
        "bank_account_info": {
            "bank_account_type": "BANK_ACCOUNT_TYPE_PERSONAL", "account_name": seal("陈小禾"),
            "account_bank": "工商银行", "bank_address_code": "330100", "account_number": seal("6222020200000000000"),
        },
    } | changes  # fmt: skip


def state(partner: Partner, code: str = "APPLY-1") -> dict[str, Any]:
    answer = partner.get(f"{BASE}/business_code/{code}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_from_application_to_a_payment(partner: Partner) -> None:
    made = partner.post_sealed(f"{BASE}/", application(partner))
    number = made.json()["applyment_id"]
    first = state(partner)
    assert (first["applyment_state"], first["applyment_id"]) == ("APPLYMENT_STATE_AUDITING", number)
    assert "sub_mchid" not in first and "sign_url" not in first
    partner.sim(f"/applyments/{number}", action="verify")
    waiting = partner.get(f"{BASE}/applyment_id/{number}").json()
    assert waiting["applyment_state"] == "APPLYMENT_STATE_TO_BE_CONFIRMED"
    page = partner.client.get(waiting["sign_url"].removeprefix("http://127.0.0.1:8001"))
    assert "阿禾水果" in page.text and "确认账户" in page.text
    partner.client.post(f"/applyments/{number}", data={"action": "confirm"})
    assert state(partner)["applyment_state"] == "APPLYMENT_STATE_TO_BE_SIGNED"
    partner.client.post(f"/applyments/{number}", data={"action": "sign"})
    assert state(partner)["applyment_state"] == "APPLYMENT_STATE_SIGNING"
    sub = partner.sim(f"/applyments/{number}", action="open")["sub_mchid"]
    assert state(partner)["sub_mchid"] == sub
    new = Partner(partner.client, partner.world, sub)
    assert new.query(new.paid())["sub_mchid"] == sub


def test_a_person_can_play_the_staff(partner: Partner) -> None:
    assert "还没有人申请" in partner.client.get("/applyments").text
    number = partner.post_sealed(f"{BASE}/", application(partner)).json()["applyment_id"]
    assert (
        "阿禾水果" in partner.client.get("/applyments").text and "/applyments" in partner.client.get("/").text
    )
    assert partner.client.post(f"/applyments/{number}", data={"action": "open"}).status_code == 409
    partner.client.post(f"/applyments/{number}", data={"action": "reject", "reason": "照片不清晰"})
    told = state(partner)
    assert told["applyment_state"] == "APPLYMENT_STATE_REJECTED"
    assert [entry["reject_reason"] for entry in told["audit_detail"]] == ["照片不清晰"]
    assert partner.client.get("/applyments/1").status_code == 404


def test_rejected_with_reasons_corrected_and_sent_again(partner: Partner) -> None:
    number = partner.post_sealed(f"{BASE}/", application(partner)).json()["applyment_id"]
    partner.sim(f"/applyments/{number}", action="reject", audit=[REJECTION])
    told = state(partner)
    assert (told["applyment_state"], told["audit_detail"]) == ("APPLYMENT_STATE_REJECTED", [REJECTION])
    again = partner.post_sealed(f"{BASE}/", application(partner))
    assert again.json() == {"applyment_id": number}
    assert (state(partner)["applyment_state"], state(partner)["audit_detail"]) == (
        "APPLYMENT_STATE_AUDITING",
        [],
    )


def test_the_same_application_again_is_the_same_and_another_is_refused(partner: Partner) -> None:
    body = application(partner)
    first = partner.post_sealed(f"{BASE}/", body).json()
    # Sealed anew the bytes differ, the application does not.
    body["contact_info"]["contact_name"] = partner.sealed("陈小禾")
    assert partner.post_sealed(f"{BASE}/", body).json() == first
    body["contact_info"]["contact_name"] = partner.sealed("别人")
    refused = partner.post_sealed(f"{BASE}/", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
    assert len(partner.look("/applyments")["applyments"]) == 1


def test_every_step_only_where_it_leads_somewhere(partner: Partner) -> None:
    number = partner.post_sealed(f"{BASE}/", application(partner)).json()["applyment_id"]
    for action in ("sign", "open", "confirm", "nonsense"):
        answer = partner.client.post(f"/_sim/applyments/{number}", json={"action": action})
        assert (answer.status_code, answer.json()["state"]) == (409, "AUDITING")
    partner.sim(f"/applyments/{number}", action="cancel")
    assert state(partner)["applyment_state"] == "APPLYMENT_STATE_CANCELED"
    assert partner.client.post(f"/_sim/applyments/{number}", json={"action": "pass"}).status_code == 409


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("business_code",), "编号", "/business_code"),
        (("contact_info", "contact_name"), "陈小禾", "/contact_info/contact_name"),
        (("contact_info", "contact_type"), "SUPER", "/contact_info/contact_id_number"),
        (("contact_info", "fax"), "1", "/contact_info/fax"),
        (("subject_info", "business_license_info"), None, "/subject_info/business_license_info"),
        (("subject_info", "business_license_info", "license_copy"), "x" * 80,
         "/subject_info/business_license_info/license_copy"),
        (("subject_info", "subject_type"), "SUBJECT_TYPE_ENTERPRISE", "/bank_account_info/bank_account_type"),
        (("business_info", "sales_info", "sales_scenes_type"), [], "/business_info/sales_info/sales_scenes_type"),
        (("bank_account_info", "account_number"), "", "/bank_account_info/account_number"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(partner: Partner, place: tuple[str, ...], value: Any, field: str) -> None:
    body = application(partner)
    *way, last = place
    inner: Any = body
    for step in way:
        inner = inner[step]
    inner.pop(last, None)
    if value is not None:
        inner[last] = value
    answer = partner.post_sealed(f"{BASE}/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "PARAM_ERROR"), answer.text
    assert answer.json()["detail"]["field"] == field
    assert partner.look("/applyments")["applyments"] == []


def test_only_a_partner_may_sign_others_up_and_see_its_own(partner: Partner, merchant: Merchant) -> None:
    body = application(partner)
    key_id = {"Wechatpay-Serial": partner.platform[0]}
    refused = merchant.call("POST", f"{BASE}/", body, headers=key_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "NO_AUTH")
    assert partner.post(f"{BASE}/", body).json()["code"] == "PARAM_ERROR"
    number = partner.post_sealed(f"{BASE}/", body).json()["applyment_id"]
    assert merchant.get(f"{BASE}/applyment_id/{number}").json()["code"] == "NO_AUTH"
    assert partner.get(f"{BASE}/applyment_id/1").json()["code"] == "RESOURCE_NOT_EXISTS"
    assert partner.get(f"{BASE}/business_code/NOBODY").json()["code"] == "RESOURCE_NOT_EXISTS"


def test_an_upload_is_known_by_its_hash_and_signed_by_its_meta(partner: Partner) -> None:
    done = upload(partner)
    assert done.status_code == 200 and partner.verified(done.headers, done.content)
    row = partner.world.db.row("SELECT * FROM media")
    assert row is not None
    assert (row["media_id"], row["size"], row["mchid"]) == (
        done.json()["media_id"], len(PICTURE), partner.own["mchid"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"sha256": "0" * 64}, 400, "PARAM_ERROR"),
        ({"content": PICTURE + b"."}, 400, "PARAM_ERROR"),
        ({"content": b"x" * (2 * 1024 * 1024 + 1)}, 400, "PARAM_ERROR"),
        ({"filename": "licence.gif"}, 400, "PARAM_ERROR"),
        ({"filename": "licence.jpg"}, 400, "PARAM_ERROR"),
        ({"content_type": "multipart/form-data"}, 400, "PARAM_ERROR"),
        ({"content_type": "multipart/form-data; boundary=other"}, 400, "PARAM_ERROR"),
        ({"content_type": "application/json"}, 400, "PARAM_ERROR"),
        ({"signed": "{}"}, 401, "SIGN_ERROR"),
        ({"signed": ""}, 401, "SIGN_ERROR"),
    ],
)
def test_a_spoilt_upload_is_refused(partner: Partner, changes: dict, status: int, code: str) -> None:
    answer = upload(partner, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert partner.world.db.number("SELECT count(*) FROM media") == 0


def test_a_text_sealed_for_nobody_is_refused(partner: Partner) -> None:
    body = application(partner)
    body["bank_account_info"]["account_number"] = base64.b64encode(b"x" * 256).decode()
    answer = partner.post_sealed(f"{BASE}/", body)
    assert answer.json()["detail"]["field"] == "/bank_account_info/account_number"
