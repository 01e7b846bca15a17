"""Single rules of reading an address."""

from __future__ import annotations

import io
import json

import pytest

from yantuan.cli import main
from yantuan.readers.address import Reading, read
from yantuan.readers.address.home import Home, split_home
from yantuan.readers.address.table import table

PLACE = "浙江省杭州市西湖区文三路478号"


def _region(text: str) -> tuple[str | None, str | None, str | None, str | None]:
    found = read(f"张伟 13800138000 {text}1号")
    return found.province, found.city, found.district, found.street_or_town


@pytest.mark.parametrize(
    ("written", "kept", "extension"),
    [
        ("13800138000", "13800138000", None),
        ("138 0013 8000", "13800138000", None),
        ("1380 013 8000", "13800138000", None),
        ("+86-138-0013-8000", "13800138000", None),
        ("0086 13800138000", "13800138000", None),
        ("(+86)13800138000", "13800138000", None),
        ("13800138000转5678", "13800138000", "5678"),
        ("13800138000-0421", "13800138000", "0421"),
        ("13800138000 分机 12", "13800138000", "12"),
        ("17000001234,5678", "17000001234", "5678"),
        ("分机：8866，17000001234", "17000001234", "8866"),
        ("0571-88880000", "0571-88880000", None),
        ("(0571)8888 0000转801", "0571-88880000", "801"),
        ("+86 571 88880000", "0571-88880000", None),
        ("0999-8120000", "0999-8120000", None),
        ("010 8888 0000-8012", "010-88880000", "8012"),
        ("+852 6123 0000", "+852-61230000", None),
        ("00853-66120000", "+853-66120000", None),
        ("+886 0912 000 001", "+886-912000001", None),
        ("+886 2 2345 6789", "+886-223456789", None),
    ],
)
def test_phones(written: str, kept: str, extension: str | None) -> None:
    found = read(f"张伟，{written}，{PLACE}")
    assert (found.phone, found.phone_ext, found.missing, found.detail) == (kept, extension, [], "文三路478号")


@pytest.mark.parametrize(
    "written",
    ["1380013800", "138001380001", "138 0013 800", "138-0013-80001", "0571-8888000", "0999-81200001", "+852 6123 000",
     "400-123-4567", "202511230001", "12345678"],
)  # fmt: skip
def test_no_phones(written: str) -> None:
    found = read(f"张伟，{written}，{PLACE}")
    assert (found.name, found.phone, found.missing, found.detail, found.note) == (
        "张伟",
        None,
        ["phone"],
        "文三路478号",
        None,
    )


def test_numbers_as_people_there_write_them() -> None:
    assert read("陳先生 6123 0000 香港中環德輔道中1號").phone == "+852-61230000"
    assert read("王小明 0912-345-678 台北市信義區松仁路100號").phone == "+886-912345678"
    assert read("张伟 6123 0000 杭州市西湖区文三路1号").phone is None


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("浙江杭州西湖区", ("浙江省", "杭州市", "西湖区", None)),
        ("杭州余杭仓前街道文一西路", ("浙江省", "杭州市", "余杭区", "仓前街道")),
        ("杭州市仓前街道文一西路", ("浙江省", "杭州市", "余杭区", "仓前街道")),
        ("上海浦东锦绣路", ("上海市", "上海市", "浦东新区", None)),
        ("西湖区", (None, None, "西湖区", None)),
        ("江西省西湖区", ("江西省", "南昌市", "西湖区", None)),
        ("北京路", (None, None, None, None)),
        ("杭州市朝阳路", ("浙江省", "杭州市", None, None)),
        ("成都市武侯祠大街", ("四川省", "成都市", None, None)),
        ("四平市公主岭市", ("吉林省", "长春市", "公主岭市", None)),
        ("杭州市江干区", ("浙江省", "杭州市", None, None)),
        ("江苏省淮阴市清河区", ("江苏省", "淮安市", "清江浦区", None)),
        ("广东省番禺市市桥镇", ("广东省", "广州市", "番禺区", "市桥镇")),
        ("三沙市西沙区", ("海南省", "三沙市", "西沙区", None)),
        ("博州博乐市", ("新疆维吾尔自治区", "博尔塔拉蒙古自治州", "博乐市", None)),
        ("花木街道花木街道锦绣路", (None, None, None, None)),
        ("浦东新区花木街道花木街道锦绣路", ("上海市", "上海市", "浦东新区", "花木街道")),
        ("南京市鼓楼区新成立街道广州路", ("江苏省", "南京市", "鼓楼区", "新成立街道")),
        ("南京市鼓楼区长风街", ("江苏省", "南京市", "鼓楼区", None)),
    ],
)
def test_regions(written: str, region: tuple[str | None, ...]) -> None:
    assert _region(written) == region


@pytest.mark.parametrize(
    "text",
    [
        "张伟，浙江杭州市，13800138000，西湖区文三路478号",
        "地址：西湖区文三路478号\n城市：浙江杭州\n联系人：张伟 13800138000",
        "省：浙江省；市：杭州市；区：西湖区；详细：文三路478号；姓名：张伟；手机：13800138000",
        "文三路478号，西湖区，杭州市，张伟，13800138000",
        '{"name":"张伟","phone":"13800138000","address":"浙江省杭州市西湖区文三路478号"}',
    ],
)
def test_a_region_may_stand_in_several_places(text: str) -> None:
    assert read(text) == Reading(
        "张伟", "13800138000", None, "浙江省", "杭州市", "西湖区", None, "文三路478号"
    )


def test_a_name_may_be_a_place() -> None:
    for name in ("高阳", "柏林", "海南", "龙岩", "三亚", "朝阳"):
        found = read(f"{name} 13800138000 {PLACE}")
        assert (found.name, found.district, found.missing) == (name, "西湖区", [])


def test_wishes_and_second_numbers_stand_in_the_order_of_the_text() -> None:
    found = read(f"张伟 13800138000 {PLACE}（放门口）备用0571-88880000，别敲门！谢谢")
    assert found.note == "放门口；0571-88880000；别敲门"
    assert found.detail == "文三路478号"


def test_what_holds_no_more_is_left_out() -> None:
    for text in (
        f"以前住南京市鼓楼区中山北路88号，现在住{PLACE} 张伟 13800138000",
        f"南京市鼓楼区中山北路88号这个地址作废，请寄到{PLACE} 张伟 13800138000",
        f"张伟 13800138000 {PLACE}（原鼓楼区地址作废）",
        f"南京市鼓楼区中山北路88号 张伟 13800138000 地址写错了，应该是{PLACE}",
    ):
        assert read(text) == Reading(
            "张伟", "13800138000", None, "浙江省", "杭州市", "西湖区", None, "文三路478号"
        ), text


def test_the_sender_is_not_the_receiver() -> None:
    found = read(f"寄件人：王二 13900139000 南京市玄武区中山路1号；收件人：张伟 13800138000 {PLACE}")
    assert (found.name, found.phone, found.city) == ("张伟", "13800138000", "杭州市")


def test_nothing_to_read() -> None:
    needed = ["name", "phone", "province", "city", "district", "detail"]
    for text in ("", " \n ", "你好", "\u200b\u202e", "谢谢团长！", "🙏"):
        assert read(text) == Reading(missing=needed), text


@pytest.mark.parametrize(
    ("detail", "home"),
    [
        ("文三路478号华星大厦3栋502室", Home("文三路478号华星大厦", "3栋", "", "502")),
        ("阳光小区12栋2单元1503室", Home("阳光小区", "12栋", "2单元", "1503")),
        ("幸福里8号楼1203", Home("幸福里", "8号楼", "", "1203")),
        ("槐安东路88号5-2-901", Home("槐安东路88号", "5", "2", "901")),
        ("中山北路88号6单元301", Home("中山北路88号", "", "6单元", "301")),
        ("闽南大厦A座1806", Home("闽南大厦", "A座", "", "1806")),
        ("工人北路300号", Home("工人北路300号", "", "", "")),
        ("大李庄村3组", Home("大李庄村3组", "", "", "")),
        ("3栋502", Home("3栋502", "", "", "")),
    ],
)
def test_homes(detail: str, home: Home) -> None:
    assert split_home(detail) == home


def test_the_table() -> None:
    places = [place for top in table().provinces for place in top.parts()]
    assert len(table().provinces) == 34
    assert sum(place.level == 3 for place in places) > 3000
    assert sum(place.undivided for place in places) == 36
    assert sum(place.towns.count("|") - 1 for place in places if place.towns) > 38_000


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"\ufeff张伟 13800138000 {PLACE}".encode())))
    assert main(["read-address"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "张伟", "phone": "13800138000", "phone_ext": None, "province": "浙江省", "city": "杭州市", "district": "西湖区",
        "street_or_town": None, "detail": "文三路478号", "note": None, "missing": [],
    }  # fmt: skip
