"""The first sight of a shared card: there before the app, the same to the pixel, and no tap on it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import Route, expect

from stack import Stack

pytestmark = pytest.mark.browser

PLACES = {
    ".g-head__title": "title", ".yt-tag": "state", ".g-head__facts": "facts", ".lead": "leader", ".lead__go": "to store",
    ".goods >> nth=0": "first product", ".goods >> nth=1": "second product", ".goods__foot >> nth=0": "its foot",
    ".yt-step__num >> nth=0": "count", ".float-nav__disc >> nth=1": "share", ".yt-page__footer": "foot", ".cartbar .yt-btn": "checkout",
}  # fmt: skip
"""Elements by the classes that the server's page and the app's share → what they are."""

DEMO_SALE = "周五鲜果团｜葡萄草莓脐橙"


def open_sale(phone: Phone) -> dict[str, Any]:
    """The demo's own sale, whatever others have opened since: several goods, one of one variant first."""
    phone.context.request.post(f"{phone.app}/api/demo/sign-in", data={"role": "leader"})
    store, cursor = phone.api("/leader/stores")[0]["id"], ""
    while True:
        rows = phone.api(f"/leader/stores/{store}/group-buys?cursor={cursor}")
        found = [row["code"] for row in rows["items"] if row["title"] == DEMO_SALE]
        if found:
            break
        cursor = rows["next"]
        assert cursor, "the demo's sale is gone"
    phone.context.clear_cookies()
    page: dict[str, Any] = phone.api(f"/g/{found[0]}")
    return page


def single(page: dict[str, Any]) -> dict[str, Any]:
    """An offer that is chosen by counting alone."""
    offer: dict[str, Any] = next(p["offers"][0] for p in page["products"] if len(p["offers"]) == 1)
    return offer


@contextmanager
def held_back(phone: Phone) -> Iterator[None]:
    """Inside, no module of the app arrives; afterwards all that were asked for do."""
    waiting: list[Route] | None = []

    def handle(route: Route) -> None:
        if waiting is None:
            route.continue_()
        else:
            waiting.append(route)

    phone.page.route("**/assets/*.js", handle)
    yield
    held, waiting = waiting, None
    for route in held:
        route.continue_()


def taken_over(phone: Phone) -> None:
    expect(phone.page.locator("#boot")).to_have_count(0, timeout=20_000)
    phone.see("page-g")


def boxes(phone: Phone, inside: str) -> dict[str, list[int]]:
    found = {}
    for selector, name in PLACES.items():
        head, *rest = selector.split(" >> ")
        box = phone.page.locator(" >> ".join([f"{inside} {head}", *(rest or ["nth=0"])])).bounding_box()
        assert box, name
        found[name] = [round(box[side]) for side in ("x", "y", "width", "height")]
    return found


@pytest.mark.parametrize("large", [False, True], ids=["text", "large text"])
def test_the_swap_is_not_seen(phone: Callable[[], Phone], large: bool) -> None:
    one = phone()
    page = open_sale(one)
    if large:
        one.context.add_init_script('localStorage.setItem(\'yt.large\',\'{"type":"boolean","data":true}\')')
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        expect(one.page.locator("#boot .goods")).to_have_count(min(6, len(page["products"])))
        before = boxes(one, "#boot")
        one.picture("first-sight.png")
    taken_over(one)
    expect(one.page.locator("#app .cartbar")).to_be_visible()
    after = boxes(one, "#app")
    moved = {
        name: (before[name], after[name])
        for name in before
        if max(abs(a - b) for a, b in zip(before[name], after[name], strict=True)) > 1
    }
    assert moved == {}


def test_taps_before_the_app_count(phone: Callable[[], Phone]) -> None:
    """Two pieces and on to the checkout, all before the app is there: it ends at the sign-in, with two pieces in the cart."""
    one = phone()
    page = open_sale(one)
    offer = single(page)
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        step = one.page.locator(f'#boot [data-offer="{offer["id"]}"]')
        pay = one.page.locator('#boot [data-tap="checkout"]')
        expect(pay).to_have_attribute("aria-disabled", "true")
        step.locator('[data-step="1"]').click(click_count=2)
        step.locator('[data-step="1"]').press("Enter")
        step.locator('[data-step="-1"]').click()
        expect(step.locator(".yt-step__num")).to_have_text("2")
        expect(pay).to_have_attribute("aria-disabled", "false")
        pay.click()
    one.see("page-login")
    kept = json.loads(one.page.evaluate("localStorage.getItem('yt.carts')"))["data"]
    assert kept == {page["code"]: {offer["id"]: 2}}


def test_no_more_than_may_be_had(phone: Callable[[], Phone]) -> None:
    one = phone()
    page = open_sale(one)
    offer = single(page)
    most = min(offer["stock"], offer["limit_per_person"] or offer["stock"])
    cart = json.dumps({"type": "object", "data": {page["code"]: {offer["id"]: most + 5}}})
    one.context.add_init_script(f"localStorage.setItem('yt.carts', {json.dumps(cart)})")
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        number = one.page.locator(f'#boot [data-offer="{offer["id"]}"] .yt-step__num')
        expect(number).to_have_text(str(most))
        expect(one.page.locator("#boot [data-empty]")).to_be_hidden()
        one.page.locator(f'#boot [data-offer="{offer["id"]}"] [data-step="1"]').click()
        expect(number).to_have_text(str(most))
    taken_over(one)
    field = one.see(f"step-{offer['id']}").locator("input")
    expect(field).to_have_value(str(most))


def test_the_place_and_the_focus_are_kept(phone: Callable[[], Phone]) -> None:
    one = phone()
    page = open_sale(one)
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        expect(one.page.locator("#boot .goods").first).to_be_visible()
        one.page.locator('#boot [data-tap="leader-card"]').focus()
        one.page.locator("#boot .boot-all").evaluate("all => { all.scrollTop = 140 }")
    taken_over(one)
    assert one.page.evaluate("Math.round(scrollY)") == 140
    assert one.page.evaluate("document.activeElement.dataset.testid") == "leader-card"


def test_a_picture_opens_what_it_shows(phone: Callable[[], Phone]) -> None:
    one = phone()
    page = open_sale(one)
    product = page["products"][1]
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        one.page.locator(f'#boot [data-tap="open-{product["id"]}"]').first.click()
    one.see("product-sheet", product["title"])


def test_an_app_that_does_not_come_is_told(phone: Callable[[], Phone]) -> None:
    """The page stays readable and offers to try again."""
    one = phone()
    page = open_sale(one)
    one.page.route("**/assets/*.js", lambda route: route.abort())
    one.page.goto(f"{one.app}/g/{page['code']}")
    expect(one.page.locator("#boot .boot-trouble")).to_contain_text("网络不太好")
    expect(one.page.locator("#boot h1")).to_have_text(page["title"])
    one.page.unroute("**/assets/*.js")
    one.page.locator("#boot [data-again]").click()
    taken_over(one)
    one.troubles.clear()


def test_english_from_the_first_moment(phone: Callable[[], Phone]) -> None:
    one = phone()
    page = open_sale(one)
    one.context.add_init_script('localStorage.setItem(\'yt.locale\',\'{"type":"string","data":"en"}\')')
    one.open(f"/g/{page['code']}")
    taken_over(one)
    with held_back(one):
        one.page.goto(f"{one.app}/g/{page['code']}", wait_until="commit")
        expect(one.page.locator('#boot [data-tap="checkout"]')).to_have_text("Check out")
        one.picture("first-sight-en.png")
    taken_over(one)
    expect(one.see("checkout")).to_have_text("Check out")


def test_the_words_of_leaders_come_with_their_pages(phone: Callable[[], Phone], stack: Stack) -> None:
    """A buyer's first page loads none of them; every leader's page has its own."""
    one = phone()
    page = open_sale(one)
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    one.open(f"/g/{page['code']}")
    taken_over(one)
    one.page.wait_for_load_state("networkidle")
    texts = [one.context.request.get(url).text() for url in asked if url.endswith(".js")]
    assert texts and [text for text in texts if "leader.share" in text] == []
    one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"})
    for path in ("/leader/store/index", "/leader/payments/index", "/pages/orders/index"):
        one.open(path)
        one.page.wait_for_load_state("networkidle")
        assert "leader." not in one.page.evaluate("document.body.innerText"), path
