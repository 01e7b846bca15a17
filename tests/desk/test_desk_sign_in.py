"""A computer comes in by the phone: one browser, once, for minutes, and only for who has a store to look after."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from desk_world import DeskWorld, browser, helper
from django.test import Client

import factories as make
from yantuan.desk import signing_in
from yantuan.desk.entry_views import COOKIE
from yantuan.desk.models import DeskSignIn
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person, Session
from yantuan.kernel import clock
from yantuan.kernel.models import AuditEntry

pytestmark = pytest.mark.django_db
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def phone(person: Person) -> Client:
    client = Client(headers={CLIENT_HEADER: "h5"})
    client.cookies[sessions.COOKIE] = sessions.start(person, "h5")
    return client


def code_on(computer: Client) -> str:
    """What the computer shows after asking for a code."""
    assert computer.post("/desk/sign-in", headers={"User-Agent": WINDOWS}).status_code == 302
    page = computer.get("/desk/sign-in").content.decode()
    found = re.search(r'data-testid="desk-code">(\d{4}) (\d{4})<', page)
    assert found and "<svg" in page
    return found[1] + found[2]


def state(computer: Client) -> str:
    return str(computer.get("/desk/sign-in/wait").json()["state"])


def agree(person: Person, code: str) -> Any:
    return phone(person).post(f"/api/desk/sign-ins/{code}/confirm")


def test_the_way_in(world: DeskWorld) -> None:
    computer = Client()
    code = code_on(computer)
    assert state(computer) == "waiting"
    seen = phone(world.leader).get(f"/api/desk/sign-ins/{code}").json()
    assert (seen["device"], seen["confirmed"], seen["stores"]) == (
        "Chrome · Windows",
        False,
        [world.store.name],
    )
    assert computer.post("/desk/sign-in/finish").status_code == 409
    assert agree(world.leader, code).json()["confirmed"] is True
    assert state(computer) == "confirmed"
    done = computer.post("/desk/sign-in/finish", {"next": f"{world.path}/orders?tab=to_ship"})
    assert (done.status_code, done["Location"]) == (302, f"{world.path}/orders?tab=to_ship")
    cookie = done.cookies[sessions.COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    session = Session.objects.get(client="desk")
    assert session.person_id == world.leader.id
    assert AuditEntry.objects.filter(action="desk.sign_in", target_id=world.leader.id).count() == 1
    assert computer.get(f"{world.path}/orders").status_code == 200


def test_an_agreement_is_for_the_browser_that_showed_the_code(world: DeskWorld) -> None:
    computer, thief = Client(), Client()
    code = code_on(computer)
    code_on(thief)
    agree(world.leader, code)
    assert state(thief) == "waiting"
    assert thief.post("/desk/sign-in/finish").status_code == 409
    secret = computer.cookies[COOKIE].value
    row = DeskSignIn.objects.get(person=world.leader)
    # Neither of the two secrets can be read from the row.
    assert secret not in str(vars(row)) and code not in str(vars(row))
    assert computer.post("/desk/sign-in/finish").status_code == 302
    thief.cookies[COOKIE] = secret
    assert thief.post("/desk/sign-in/finish").status_code == 409
    assert Session.objects.filter(client="desk").count() == 1


def test_a_code_lasts_three_minutes_and_its_agreement_two(world: DeskWorld) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        late, slow = Client(), Client()
        late_code, slow_code = code_on(late), code_on(slow)
        agree(world.leader, slow_code)
    with clock.frozen(begun + timedelta(minutes=3, seconds=1)):
        assert state(late) == "gone"
        assert (
            agree(world.leader, late_code).status_code,
            late.post("/desk/sign-in/finish").status_code,
        ) == (404, 409)
        assert state(slow) == "gone"
        assert slow.post("/desk/sign-in/finish").status_code == 409
    assert not Session.objects.filter(client="desk").exists()
    with clock.frozen(begun + timedelta(days=2)):
        assert signing_in.clear() == 2


def test_nobody_agrees_to_what_another_agreed_to(world: DeskWorld) -> None:
    other = make.leader("别的团长")
    make.store(other)
    computer = Client()
    code = code_on(computer)
    assert agree(world.leader, code).status_code == 200
    assert agree(world.leader, code).status_code == 200
    assert agree(other, code).json()["code"] == "not_found"
    assert DeskSignIn.objects.get().person_id == world.leader.id
    computer.post("/desk/sign-in/finish")
    assert agree(world.leader, code).status_code == 404


def test_buyers_have_no_desk_and_helpers_have(world: DeskWorld) -> None:
    code = code_on(Client())
    refused = agree(make.person(), code)
    assert (refused.status_code, refused.json()["code"]) == (403, "desk_not_yours")
    assert DeskSignIn.objects.get().confirmed_at is None
    assert agree(helper(world, "shipping"), code).status_code == 200


def test_guessing_codes_is_slowed_down(world: DeskWorld) -> None:
    told = [agree(world.leader, f"{n:08d}").status_code for n in range(signing_in.TRIES_PER_PERSON + 1)]
    assert told == [404] * signing_in.TRIES_PER_PERSON + [429]


def test_the_first_page_is_one_the_person_may_see(world: DeskWorld) -> None:
    for rights, page in ((("orders",), "orders"), (("goods",), "sales"), (("data",), "exports")):
        answer = browser(helper(world, *rights)).get("/desk/")  # type: ignore[arg-type]
        assert answer["Location"] == f"{world.path}/{page}"
    nothing = browser(helper(world, "money")).get("/desk/")
    assert nothing.status_code == 200 and "这里还没有你能看的" in nothing.content.decode()


def test_going_out_ends_the_session(world: DeskWorld) -> None:
    client = browser(world.leader)
    assert client.post("/desk/sign-out")["Location"] == "/desk/sign-in"
    assert Session.objects.get(client="desk").revoked_at is not None
    assert client.get(f"{world.path}/orders").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/g/abc", "/desk\\..", "/desk/\x00", "javascript:x"],
)
def test_the_way_back_stays_on_the_desk(world: DeskWorld, target: str) -> None:
    client = browser(world.leader)
    answer = client.post("/desk/language", {"language": "zh", "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")


def test_forms_need_their_token_and_this_site(world: DeskWorld) -> None:
    strict = browser(world.leader, strict=True)
    assert strict.post("/desk/sign-out").status_code == 403
    elsewhere = browser(world.leader).post("/desk/sign-out", headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403
    assert Session.objects.filter(client="desk", revoked_at=None).count() == 2


def test_pages_say_what_browsers_may_load(world: DeskWorld) -> None:
    answer = browser(world.leader).get(f"{world.path}/orders")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer["Cache-Control"] == "private, no-store"
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page)


def test_a_refusal_leads_back_to_the_page_it_came_from(world: DeskWorld) -> None:
    client = browser(world.leader)
    path = f"{world.path}/shipping"

    def back(referer: str) -> str:
        page = client.post(f"{world.path}/ship-imports", {"number": ""}, headers={"Referer": referer})
        found = re.search(r'<a class="main-button" href="([^"]+)"', page.content.decode())
        assert page.status_code == 422 and found
        return found[1]

    assert back(f"http://testserver{path}?ids=1") == f"{path}?ids=1"
    assert back("https://evil.example/desk/1") == back("http://testserver/g/abc") == back("") == "/desk/"
