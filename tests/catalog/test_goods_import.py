"""A sheet of goods through the API: read, judged, agreed to, made; sent twice; and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from catalog.goodsworld import (
    HEAD,
    book,
    codes,
    csv,
    goods,
    picture,
    refused,
    rewritten,
    rows,
    sent,
    upload,
    xlsx,
)
from stores.shop_kit import caller as caller_of
from stores.shop_kit import person, shop
from yantuan.catalog.imports import actions
from yantuan.catalog.imports.files import KEEP
from yantuan.catalog.models import GoodsImport, GoodsImportRow, Product, Sku
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.media.models import Media

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


def test_a_sheet_becomes_goods_with_their_pictures() -> None:
    mine = shop()
    data = xlsx(
        ("鲜果供应链 11 月报价",),
        HEAD,
        ("阳光玫瑰", "2斤装", 39.9, 49, "26元", "100份", 2, None, "6901234567892", "云南产"),
        (None, "5斤装", "¥89.00", None, 60, 50, "不限", "箱", None, None),
        ("脐橙", None, "59元/箱", None, None, "1e2", None, None, None, None),
        ("合计", None, None, None, None, 250),
        merge=("A3:A4",),
        pictures={"K3": picture(), "K5": picture((10, 120, 60))},
    )  # fmt: skip
    batch = sent(mine, data)
    assert (batch["state"], batch["sheet"], batch["rows"], batch["ready"]) == ("preview", "报价", 3, 3)
    assert batch["headings"]["price"] == "团购价(元)"
    assert (batch["needs_picture"], batch["needs_stock"]) == (False, False)
    assert [(r["title"], r["spec"], r["price_fen"], r["stock"], r["limit"]) for r in rows(mine, batch)] == [
        ("阳光玫瑰", "2斤装", 3990, 100, 2),
        ("阳光玫瑰", "5斤装/箱", 8900, 50, 0),
        ("脐橙", "箱", 5900, 100, 0),
    ]
    assert not Product.objects.exists() and not Media.objects.exists()
    done = book(mine, batch)
    assert (done["state"], done["results"]) == ("booked", {"made": 3})
    grapes, oranges = goods(mine)
    assert [
        (s["name"], s["price_fen"], s["cost_fen"], s["available"], s["code"]) for s in grapes["skus"]
    ] == [
        ("2斤装", 3990, 2600, 100, "6901234567892"),
        ("5斤装/箱", 8900, 6000, 50, ""),
    ]
    assert (grapes["description"], oranges["title"]) == ("云南产", "脐橙")
    assert len(grapes["pictures"]) == len(oranges["pictures"]) == 1
    assert grapes["pictures"][0]["id"] != oranges["pictures"][0]["id"]
    assert Media.objects.filter(owner_id=mine.boss.who.id, purpose="product").count() == 2
    assert not list(KEEP.folder().glob("*"))
    offered = rows(mine, batch, "result=offerable")
    assert [r["sku_id"] for r in offered] == [s["id"] for p in (grapes, oranges) for s in p["skus"]]


def test_the_same_goods_twice_make_nothing_twice() -> None:
    mine = shop()
    image = mine.picture_id()
    data = csv(("商品名称", "规格", "价格", "库存"), ("苹果", "5斤", "29.9", "10"), ("梨", "", "9.9", "5"))
    first = sent(mine, data)
    again = upload(mine.boss, mine.store["id"], data, "换个名字.csv")
    body = json.loads(again.content)
    assert (again.status_code, body["id"], body["again"], GoodsImport.objects.count()) == (
        200,
        first["id"],
        True,
        1,
    )
    book(mine, first, picture_media_id=image)
    assert book(mine, first, picture_media_id=image)["results"] == {"made": 2}
    made = list(Sku.objects.order_by("id").values())
    # Judged anew, all of it is known; another price in the sheet changes nothing in the library.
    other = csv(("商品名称", "规格", "价格", "库存"), ("苹 果", "5斤", "27.9", ""), ("梨", "10斤", "19", "5"))
    second = sent(mine, other)
    assert codes(mine, second) == {2: ["known", "price_differs"], 3: ["spec_not_in_library"]}
    assert rows(mine, second)[0]["problems"][1]["text"] == "和商品库里的价格不同，商品库不改（¥29.90）"
    assert book(mine, second)["results"] == {"known": 1, "skipped": 1}
    third = sent(mine, data, fresh="true")
    assert (third["id"] != first["id"], third["known"]) == (True, 2)
    assert list(Sku.objects.order_by("id").values()) == made


def test_two_people_at_once_make_the_goods_once() -> None:
    mine = shop()
    image = mine.picture_id()
    head = ("商品名称", "规格", "价格", "库存")
    one = sent(mine, csv(head, ("苹果", "5斤", "29.9", "10"), ("梨", "", "9.9", "5")))
    two = sent(mine, csv(head, ("苹果", "5斤", "28.8", "7"), ("桃", "", "9.9", "5"), ("梨", "小", "1", "1")))
    for batch in (one, two):
        body = {"picture_media_id": image}
        mine.boss.ok("POST", f"/leader/goods-imports/{batch['id']}/confirm", body)
    outbox.drain(100_000)
    found = {row["title"]: (row["result"], row["refusal"]) for row in rows(mine, two)}
    assert found == {"苹果": ("known", ""), "桃": ("made", ""), "梨": ("refused", "spec_not_in_library")}
    assert [(p["title"], p["skus"][0]["price_fen"]) for p in goods(mine)] == [
        ("苹果", 2990),
        ("梨", 990),
        ("桃", 990),
    ]


def test_every_mistake_is_told_by_row() -> None:
    mine = shop()
    data = xlsx(
        HEAD,
        ("无价", "A", None, None, None, 1),
        ("范围", "A", "19.9-29.9", None, None, 1),
        ("面议", "A", "面议", None, None, 1),
        ("库存词", "A", 9.9, None, None, "充足"),
        ("重复", "A", 9.9, None, None, 1),
        ("重复", "Ａ", 9.9, None, None, 1),
        ("重复", None, 9.9, None, None, 1),
        (None, None, 5, None, None, 1),
        ("零价", None, 0, None, None, 1),
        ("分以下", None, "9.999", 8, 20, 1),
        ("丢位", None, 5, None, None, 1, None, None, 6.9e12),
        ("没库存", None, 5),
        ("限购词", None, 5, None, None, 1, "看着办"),
        ("名" * 101, None, 5, None, None, 1),
    )  # fmt: skip
    batch = sent(mine, data)
    found = {row: [c for c in said if c != "picture_missing"] for row, said in codes(mine, batch).items()}
    assert found == {
        2: ["price_missing"],
        3: ["price_range"],
        4: ["price_unreadable"],
        5: ["stock_unreadable"],
        6: [],
        7: ["row_repeated"],
        8: ["spec_missing"],
        9: ["title_missing"],
        10: ["price_zero"],
        11: ["price_rounded", "market_below", "cost_above"],
        12: ["code_lost"],
        13: ["stock_missing"],
        14: ["limit_unreadable"],
        15: ["title_too_long"],
    }
    assert (batch["ready"], batch["doubtful"], batch["wrong"]) == (2, 3, 9)
    # Right rows are taken, doubtful ones only when ticked, wrong ones never.
    image = mine.picture_id()
    path = f"/leader/goods-imports/{batch['id']}/confirm"
    assert mine.boss.refused("POST", path, {"stock": 3}) == (422, "picture_missing")
    assert mine.boss.refused("POST", path, {"picture_media_id": image}) == (422, "stock_missing")
    foreign = caller_of(person())
    assert foreign.refused("POST", path, {}) == (404, "not_found")
    assert not Product.objects.exists() and GoodsImport.objects.get().state == "preview"
    done = book(mine, batch, picture_media_id=image, stock=3, also=[8, 10, 0], without=[4])
    assert done["results"] == {"made": 3, "skipped": 11}
    assert [(p["title"], p["skus"][0]["price_fen"], p["skus"][0]["available"]) for p in goods(mine)] == [
        ("零价", 0, 1),
        ("丢位", 500, 1),
        ("没库存", 500, 3),
    ]


def test_formulas_give_their_saved_result_and_pictures_in_cells_are_found() -> None:
    mine = shop()
    data = xlsx(("商品", "价格", "库存", "图片"), ("蓝莓", "=1+2", 5, '=_xlfn.DISPIMG("ID_AB12",1)'), ("草莓", "=9", 5, None))  # fmt: skip
    cells = (
        '<cellImages xmlns:etc="e" xmlns:xdr="x" xmlns:a="a" xmlns:r="r"><etc:cellImage><xdr:pic><xdr:nvPicPr>'
        '<xdr:cNvPr id="2" name="ID_AB12"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill></xdr:pic>'
        "</etc:cellImage></cellImages>"
    )
    link = '<Relationships><Relationship Id="rId1" Type="t/image" Target="media/one.png"/></Relationships>'
    data = rewritten(
        data,
        {
            "xl/worksheets/sheet1.xml": lambda text: (
                text.replace("<f>1+2</f><v></v>", "<f>1+2</f><v>29.900000000000002</v>")
                .replace("<f>1+2</f><v />", "<f>1+2</f><v>29.900000000000002</v>")
                .replace(
                    'DISPIMG("ID_AB12",1)</f><v></v>', 'DISPIMG("ID_AB12",1)</f><v>=DISPIMG("ID_AB12",1)</v>'
                )
                .replace(
                    'DISPIMG("ID_AB12",1)</f><v />', 'DISPIMG("ID_AB12",1)</f><v>=DISPIMG("ID_AB12",1)</v>'
                )
            ),
            "xl/cellimages.xml": cells,
            "xl/_rels/cellimages.xml.rels": link,
            "xl/media/one.png": picture(),
        },
    )
    batch = sent(mine, data)
    assert codes(mine, batch) == {2: ["formula_cell"], 3: ["formula_empty", "picture_missing"]}
    assert [(r["price_fen"], r["pictures"]) for r in rows(mine, batch)] == [(2990, 1), (None, 0)]
    assert book(mine, batch)["results"] == {"made": 1, "skipped": 1}
    assert len(goods(mine)[0]["pictures"]) == 1


def test_a_broken_picture_leaves_the_goods_with_the_one_for_all() -> None:
    mine = shop()
    data = xlsx(
        ("商品", "价格", "库存"), ("蓝莓", 3, 5), ("草莓", 4, 5), pictures={"D2": picture(), "D3": picture()}
    )
    batch = sent(mine, data)
    GoodsImportRow.objects.filter(row=2).update(pictures=["xl/workbook.xml"])
    done = book(mine, batch)
    assert done["results"] == {"refused": 1, "made": 1}
    assert [(r["row"], r["refusal_text"]) for r in rows(mine, batch, "result=refused")] == [
        (2, "图片打不开，也没有统一的图片")
    ]
    assert [p["title"] for p in goods(mine)] == ["草莓"]


def test_merged_prices_are_asked_about_and_headings_of_a_section_are_no_goods() -> None:
    mine = shop()
    data = xlsx(
        ("名称", "规格", "零售价", "数量"), ("【水果】",), ("苹果", "大", 10, 5), ("苹果", "小", None, 5), ("温馨提示：坏果包赔",),
        merge=("A2:D2", "C3:C4"),
    )  # fmt: skip
    batch = sent(mine, data)
    assert {row: [c for c in said if c != "picture_missing"] for row, said in codes(mine, batch).items()} == {
        3: [],
        4: ["merged_cell"],
    }
    assert [(r["spec"], r["price_fen"], r["severity"]) for r in rows(mine, batch)] == [
        ("大", 1000, "ok"),
        ("小", 1000, "confirm"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, "sheet_old_format"),
        (b"<html><table>", "sheet_web_page"),
        (b"", "sheet_empty"),
        (csv(("品名", "库存"), ("梨", 1)), "sheet_no_price_column"),
        (csv(("规格", "售价"), ("梨", 1)), "sheet_no_name_column"),
        (csv(("甲", "乙"), ("梨", 1)), "sheet_no_goods_heading"),
        (csv(("品名", "价格")), "sheet_empty"),
        (csv(("品名", "价格"), *[(f"梨{n}", 1) for n in range(2001)]), "sheet_too_many_rows"),
        (b"PK\x03\x04" + b"0" * 600, "sheet_unreadable"),
    ],
)
def test_what_is_no_sheet_of_goods_is_refused_with_its_reason(data: bytes, code: str) -> None:
    mine = shop()
    assert refused(mine, data) == (422, code)
    assert not GoodsImport.objects.exists()


def test_a_bomb_is_refused() -> None:
    mine = shop()
    data = xlsx(("品名", "价格"), ("梨", 1))
    blanks = "<row>" + " " * (50 * 1024 * 1024) + "</row></sheetData>"
    swollen = rewritten(data, {"xl/worksheets/sheet1.xml": lambda text: text.replace("</sheetData>", blanks)})
    assert len(swollen) < 200_000
    assert refused(mine, swollen) == (422, "sheet_too_large")


def test_a_dropped_sheet_leaves_nothing() -> None:
    mine = shop()
    batch = sent(mine, xlsx(("品名", "价格", "库存"), ("梨", 1, 1), pictures={"D2": picture()}))
    assert len(list(KEEP.folder().glob("*"))) == 1
    for _ in range(2):
        done = mine.boss.ok("POST", f"/leader/goods-imports/{batch['id']}/discard")
        assert done["state"] == "discarded"
    assert not list(KEEP.folder().glob("*")) and not GoodsImportRow.objects.exists()
    assert mine.boss.refused("POST", f"/leader/goods-imports/{batch['id']}/confirm", {}) == (
        409,
        "illegal_transition",
    )


def test_old_previews_go_and_what_a_worker_left_is_taken_up() -> None:
    mine = shop()
    image = mine.picture_id()
    old = sent(mine, csv(("品名", "价格", "库存"), ("梨", 1, 1)))
    left = sent(mine, csv(("品名", "价格", "库存"), ("桃", 1, 1)))
    GoodsImport.objects.filter(id=left["id"]).update(state="booking", picture_media_id=image)
    GoodsImportRow.objects.filter(batch_id=left["id"]).update(result="waiting")
    with frozen(now() + timedelta(days=8)):
        assert actions.tidy() == 2
        outbox.drain(100_000)
    assert dict(GoodsImport.objects.values_list("id", "state")) == {
        int(old["id"]): "discarded",
        int(left["id"]): "booked",
    }
    assert [p["title"] for p in goods(mine)] == ["桃"]


def test_the_template_can_be_sent_back() -> None:
    mine = shop()
    answer = mine.boss.call("GET", f"{mine.path}/goods-template")
    assert answer.status_code == 200
    batch = sent(mine, answer.content)
    assert (batch["rows"], batch["ready"], batch["others"]) == (2, 2, ["说明"])


def test_a_strangers_sheet_is_not_found() -> None:
    mine, theirs = shop(), shop()
    batch = sent(mine, csv(("品名", "价格"), ("梨", 1)))
    for method, path in (("GET", ""), ("GET", "/rows"), ("POST", "/discard"), ("POST", "/confirm")):
        body = {} if path == "/confirm" else None
        status, _ = theirs.boss.refused(method, f"/leader/goods-imports/{batch['id']}{path}", body)
        assert status == 404
    assert GoodsImport.objects.get().state == "preview"
