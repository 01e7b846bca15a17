"""The first sight of a group buy: the app's words, the app's rules, true states, and nothing that a text could break."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

import factories
from yantuan.api import built
from yantuan.api.snapshot import FIRST_GOODS, FirstSight, time_left, wall
from yantuan.api.snapshot_words import ICONS, TONES, WORDS
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.queries import group_buy_page
from yantuan.groupbuys.schemas import (
    CapacityOut,
    FlashOut,
    GroupBuyPage,
    PageDemands,
    PageLimits,
    PageOffer,
)

WEB = Path(__file__).resolve().parents[2] / "web" / "src"
DOCUMENT = (
    '<!DOCTYPE html><html><head><link rel="stylesheet" href="/assets/uni.css"><title>雁团</title>'
    '<script type="module" crossorigin src="/assets/index.js"></script>'
    '<link rel="modulepreload" crossorigin href="/assets/first.js"></head><body><div id="app"></div></body></html>'
)


def _app_words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("common", "buyer-sale"):
        text = (WEB / "i18n" / f"{name}.ts").read_text()
        part = re.search(rf"export const {language}\b[^{{]*\{{(.*?)\n\}}", text, re.S)
        assert part
        found |= dict(re.findall(r"'([\w.]+)': '((?:[^'\\]|\\.)*)'", part[1]))
    return found


@pytest.fixture
def page(db: None) -> GroupBuyPage:
    shop = factories.store(factories.leader("林小满"))
    sale = factories.group_buy(shop, [factories.product(shop), factories.product(shop)])
    return group_buy_page(sale.code)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_words_are_the_apps(language: str) -> None:
    app = _app_words(language)
    ours = {key: words for key, words in WORDS[language].items() if not key.startswith("boot.")}
    assert ours == {key: app.get(key) for key in ours}
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_icons_tones_and_counts_are_the_apps() -> None:
    shapes = dict(
        re.findall(r"^  '?([\w-]+)'?: '(<.*>)',$", (WEB / "components/ui/icons.ts").read_text(), re.M)
    )
    assert {name: shapes.get(name) for name in ICONS} == ICONS
    tones = re.search(r"STATUS_TONES[^{]*\{(.*?)\n\}", (WEB / "components/buyer/words.ts").read_text(), re.S)
    assert tones and dict(re.findall(r"(\w+): '(\w+)'", tones[1])) == TONES
    script = (WEB / "pages/g/index.vue").read_text()
    assert re.findall(r"FIRST_GOODS = (\d+)", script) == [str(FIRST_GOODS)]


def test_what_can_be_tapped_is_in_the_app(page: GroupBuyPage) -> None:
    """Every test id a tap is handed on to stands in one of the page's components."""
    html = (
        FirstSight(page, "zh").html() + FirstSight(page.model_copy(update={"status": "ended"}), "zh").html()
    )
    taps = {part for tap in re.findall(r'data-tap="([^"]+)"', html) for part in tap.split()}
    names = {re.sub(r"\d+$", "", tap) for tap in taps}
    assert {"nav-back", "share", "leader-card", "checkout", "stepper-more", "step-", "open-"} <= names
    sources = (
        "".join(p.read_text() for p in WEB.glob("components/*/*.vue"))
        + (WEB / "pages/g/index.vue").read_text()
    )
    missing = [name for name in names if not re.search(rf"testid=\"`?{name}[\"$]", sources)]
    assert missing == []


def _only(page: GroupBuyPage, **changes: int) -> PageOffer:
    return page.products[0].offers[0].model_copy(update=changes)


def _with(page: GroupBuyPage, *offers: PageOffer) -> GroupBuyPage:
    first = page.products[0].model_copy(update={"offers": list(offers)})
    return page.model_copy(update={"products": [first]})


def test_an_open_sale_can_be_counted_up_to_what_may_be_had(page: GroupBuyPage) -> None:
    html = FirstSight(_with(page, _only(page, stock=9, limit_per_person=3)), "zh").html()
    assert 'data-most="3"' in html
    assert "仅剩 9 件 · 每人限购 3 件" in html
    assert 'data-most="9"' in FirstSight(_with(page, _only(page, stock=9, limit_per_person=0)), "zh").html()


def test_what_is_sold_out_says_so_and_takes_no_taps(page: GroupBuyPage) -> None:
    html = FirstSight(_with(page, _only(page, stock=0)), "zh").html()
    assert '<span class="goods__out">已售罄</span>' in html
    assert "data-step" not in html and "data-most" not in html


def test_variants_are_chosen_in_the_app(page: GroupBuyPage) -> None:
    html = FirstSight(_with(page, _only(page, stock=0), _only(page, stock=2)), "zh").html()
    assert f'data-tap="choose-{page.products[0].id}"' in html
    assert "data-step" not in html


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("coming", ["即将开始", "开团", "距开始"]),
        ("ended", ["已结束", "团购已经结束，下次早点来"]),
        ("closed", ["已截单", "团购已经结束，下次早点来"]),
        ("suspended", ["暂停销售", "这个卖场暂停销售，暂时不能下单"]),
    ],
)
def test_a_sale_that_takes_no_orders(page: GroupBuyPage, status: str, words: list[str]) -> None:
    starts = page.server_time + timedelta(hours=1)
    html = FirstSight(page.model_copy(update={"status": status, "starts_at": starts}), "zh").html()
    assert [word for word in words if word not in html] == []
    assert "data-step" not in html and 'data-tap="checkout"' not in html
    assert 'data-tap="see-store"' in html


def test_what_a_sale_demands_is_said_at_first_sight(page: GroupBuyPage) -> None:
    ends = page.server_time + timedelta(minutes=5)
    flash = FlashOut(price_fen=990, usual_fen=3990, starts_at=page.server_time, ends_at=ends, on=True)
    limits = PageLimits(category="水果", least=4, step=3, per_household=9, flash=flash, ships_on=ends.date())
    sold = _with(page, _only(page, stock=20).model_copy(update={"limits": limits}))
    capacity = CapacityOut(full=False, text="限量接单，还剩 3 单", text_en="Limited: 3 orders left")
    demands = PageDemands(
        categories=["水果"],
        audience="earlier",
        hide_sold=True,
        self_cancel="never",
        waiting_minutes=30,
        capacity=capacity,
    )
    html = FirstSight(sold.model_copy(update={"demands": demands}), "zh").html()
    assert 'data-most="18" data-unit="3" data-least="6"' in html
    said = [
        "4 件起购 · 3 件的倍数 · 每户限购 9 件 · 预售，",
        "秒杀还剩 00:05:00",
        "之后 ¥39.90",
        "限量接单，还剩 3 单",
    ]
    assert [words for words in [*said, "老客专享", 'data-tap="category-1">水果'] if words not in html] == []
    assert "已售" not in html
    private = sold.model_copy(update={"demands": demands.model_copy(update={"invited_only": True})})
    assert (
        "私密团：" in FirstSight(private, "zh").html() and "Private sale" in FirstSight(private, "en").html()
    )
    gone = _with(page, _only(page, stock=0)).model_copy(update={"demands": demands})
    assert f'data-tap="wait-{page.products[0].id}"' in FirstSight(gone, "zh").html()
    full = demands.model_copy(
        update={"capacity": CapacityOut(full=True, text="已接满 9 单", text_en="All 9 taken")}
    )
    for language, words in (("zh", "已接满 9 单"), ("en", "All 9 taken")):
        closed = FirstSight(sold.model_copy(update={"demands": full}), language).html()
        assert closed.count(words) == 2
        assert "data-step" not in closed and 'data-tap="checkout"' not in closed


def test_many_goods_wait_for_the_app(page: GroupBuyPage) -> None:
    many = page.model_copy(update={"products": page.products[:1] * 40})
    assert FirstSight(many, "zh").html().count('class="goods"') == FIRST_GOODS
    none = FirstSight(page.model_copy(update={"products": []}), "zh").html()
    assert "还没有上架商品" in none and "yt-price" not in none


def test_texts_stay_texts(page: GroupBuyPage) -> None:
    bad = "</div><script>x()</script>\"'&{n}"
    store = page.store.model_copy(update={"name": bad, "notice": bad, "contact_wechat": bad})
    product = page.products[0].model_copy(update={"title": bad, "description": bad})
    html = FirstSight(
        page.model_copy(update={"title": bad, "store": store, "products": [product]}), "zh"
    ).html()
    assert "<script" not in html
    assert html.count("&lt;/div&gt;&lt;script&gt;x()&lt;/script&gt;&quot;&#x27;&amp;{n}") >= 6


def test_times_are_told_as_in_china() -> None:
    at, today = datetime(2026, 11, 22, 17, 5, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert wall(at, today) == "11-23 01:05"
    assert wall(at, datetime(2027, 1, 1, tzinfo=UTC)) == "2026-11-23 01:05"
    assert time_left(93_784, "天") == "1天 02:03:04"
    assert (time_left(59, "天"), time_left(-5, "天")) == ("00:00:59", "00:00:00")


@pytest.fixture
def sale(monkeypatch: pytest.MonkeyPatch, db: None) -> GroupBuy:
    monkeypatch.setattr(built, "document", lambda: DOCUMENT)
    shop = factories.store(factories.leader("林小满"))
    return factories.group_buy(shop, [factories.product(shop)])


@pytest.mark.django_db(transaction=True)
def test_the_first_sight_starts_the_app_itself(sale: GroupBuy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built, "start_files", lambda: ("/assets/vue.js", "/assets/index.js"))
    monkeypatch.setattr(
        built, "preloads", lambda page: ("", '<link rel="stylesheet" href="/assets/first.css">')
    )
    monkeypatch.setattr(built, "borrowed_style", lambda page, classes: f".{min(classes)}{{color:red}}")
    html = Client().get(f"/g/{sale.code}").content.decode()
    head, _, body = html.partition("</head>")
    assert 'type="module"' not in html
    assert "stylesheet" not in head
    assert body.index('id="boot"') < body.index('id="yt-start"') < body.index("/assets/uni.css")
    assert body.rindex("<script") < body.index("/assets/uni.css"), "a script behind a sheet waits for it"
    assert '["/assets/vue.js","/assets/index.js"]' in body
    assert head.count('fetchpriority="low"') >= 2
    unknown = Client().get("/g/nothere12").content.decode()
    assert 'type="module"' in unknown and 'id="boot"' not in unknown


@pytest.mark.django_db(transaction=True)
def test_the_language_of_the_last_visit(sale: GroupBuy) -> None:
    client = Client()
    assert "去结算" in client.get(f"/g/{sale.code}").content.decode()
    client.cookies["yt_lang"] = "en"
    html = client.get(f"/g/{sale.code}").content.decode()
    assert "Check out" in html and "去结算" not in html


def test_borrowed_rules_dress_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sheet = (
        "*{margin:0}.a[data-v-12ab]{x:1}.a .b,.a>.c{y:2}.d{z:3}uni-view.a{w:4}.a:after{v:5}"
        "@media (min-width:5px){.a{u:6}}@keyframes k{50%{o:0}}.b.a{t:7}#x .a{s:8}"
    )
    (tmp_path / "one.css").write_text(sheet)
    monkeypatch.setattr(built, "WEBAPP", tmp_path)
    monkeypatch.setattr(built, "document", lambda: '<link rel="stylesheet" crossorigin href="/one.css">')
    monkeypatch.setattr(built, "preloads", lambda page: ("", ""))
    style = built.borrowed_style.__wrapped__("p", frozenset({"a", "b"}))
    assert style == ".a[class]{x:1}.a .b{y:2}.a:after{v:5}.b.a{t:7}"


def test_modules_start_after_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = {
        "index.html": {"file": "index.js", "isEntry": True, "imports": ["first", "vue"]},
        "first": {"file": "first.js", "imports": ["uni", "words"], "css": ["first.css"]},
        "uni": {"file": "uni.js", "imports": ["vue"]}, "vue": {"file": "vue.js"}, "words": {"file": "words.js"},
        "src/pages/g/index.vue": {"file": "g.js", "imports": ["first"]},
    }  # fmt: skip
    monkeypatch.setattr(built, "_manifest", lambda: chunks)
    assert built.start_files.__wrapped__() == ("/vue.js", "/uni.js", "/words.js", "/first.js", "/index.js")
    modules, styles = built.preloads.__wrapped__("pages/g/index")
    assert re.findall(r'href="/(\w+)\.js"', modules) == ["vue", "uni", "words", "first", "g"]
    assert styles == '<link rel="stylesheet" href="/first.css">'
    assert built.page_file.__wrapped__("pages/g/index") == "/g.js"
