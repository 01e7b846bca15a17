"""Reads of imported sheets of goods."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.db.models import Count, Q

from yantuan.catalog.imports.codes import CODES, RANK
from yantuan.catalog.imports.models import GoodsImport, GoodsImportRow
from yantuan.catalog.imports.schemas import (
    GoodsImportBrief,
    GoodsImportOut,
    GoodsProblem,
    GoodsProblemCount,
    GoodsRowOut,
)
from yantuan.catalog.imports.states import GOODS_IMPORT
from yantuan.kernel.errors import Invalid
from yantuan.kernel.http import Page, after_id
from yantuan.kernel.money import price_text
from yantuan.stores.models import Store

SHOWN: Final = 20
PAGE: Final = 100
RESULTS: Final = ("waiting", "made", "known", "skipped", "refused", "offerable")
REFUSALS: Final = {
    "too_many_products": ("商品库满了，请先归档不用的商品", "The library is full; archive products first"),
    "picture_not_readable": (
        "图片打不开，也没有统一的图片",
        "The picture can't be read, and none was chosen for all",
    ),
    "not_found": ("导入的人已没有这个卖场的权限", "Who sent it may not add goods any more"),
}


def import_out(batch: GoodsImport, *, again: bool = False) -> GoodsImportOut:
    """A batch with its numbers."""
    severities: Counter[str] = Counter()
    results: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    found = GoodsImportRow.objects.filter(batch=batch)
    open_codes: set[str] = set()
    for severity, result, said in found.values_list("severity", "result", "problems"):
        codes = [code for code, _ in said]
        severities[severity] += 1
        results.update([result] if result else [])
        problems.update(codes)
        open_codes.update(codes if severity in ("ok", "confirm") else ())
    return GoodsImportOut(
        id=str(batch.id), store_id=str(batch.store_id), state=batch.state,
        state_label=GOODS_IMPORT.labels[batch.state], again=again, title=batch.title, sheet=batch.sheet,
        others=batch.others, headings=batch.headings, rows=batch.rows_total, ready=severities["ok"],
        doubtful=severities["confirm"], wrong=severities["error"], known=severities["note"],
        needs_picture="picture_missing" in open_codes, needs_stock="stock_missing" in open_codes,
        results=dict(results),
        problems=[
            GoodsProblemCount(**_problem(code, {}).model_dump(), rows=problems[code])
            for code in sorted(problems, key=lambda code: RANK[code])
        ],
        created_at=batch.created_at, confirmed_at=batch.confirmed_at, done_at=batch.done_at,
    )  # fmt: skip


def _problem(code: str, data: dict[str, Any]) -> GoodsProblem:
    about = CODES[code]
    zh, en = about.zh, about.en
    if "row" in data:
        zh, en = f"和第 {data['row']} 行重复", f"Repeats row {data['row']}"
    if "fen" in data:
        price = price_text(data["fen"])
        zh, en = f"{zh}（{price}）", f"{en} ({price})"
    return GoodsProblem(code=code, weight=about.weight, text=zh, text_en=en)


def latest(store: Store) -> list[GoodsImportBrief]:
    """The newest sheets of a store, dropped ones left out."""
    rows = GoodsImport.objects.filter(store_id=store.id).exclude(state="discarded")
    made = Count("rows", filter=Q(rows__result="made"))
    return [
        GoodsImportBrief(
            id=str(row.id), state=row.state, state_label=GOODS_IMPORT.labels[row.state], title=row.title,
            rows=row.rows_total, made=row.made_rows, created_at=row.created_at,
        )
        for row in rows.annotate(made_rows=made).order_by("-id")[:SHOWN]
    ]  # fmt: skip


def rows_of(batch: GoodsImport, *, severity: str, result: str, cursor: str) -> Page[GoodsRowOut]:
    """Rows in the order of the sheet, narrowed by severity or result; `offerable`: what a sale can offer now.

    Raises Invalid `filter_unknown`.
    """
    if (severity and severity not in ("error", "confirm", "ok", "note")) or (
        result and result not in RESULTS
    ):
        raise Invalid("filter_unknown", "没有这个分类", "No such filter.", field="severity")
    found = GoodsImportRow.objects.filter(batch=batch)
    found = found.filter(severity=severity) if severity else found
    if result == "offerable":
        found = found.filter(result__in=["made", "known"], sku_id__isnull=False)
    elif result:
        found = found.filter(result=result)
    after = after_id(cursor)
    found = found.filter(place__gt=after) if after is not None else found
    rows = list(found.order_by("place")[: PAGE + 1])
    more = str(rows[PAGE - 1].place) if len(rows) > PAGE else None
    return Page[GoodsRowOut](items=[_row_out(row) for row in rows[:PAGE]], next=more)


def _row_out(row: GoodsImportRow) -> GoodsRowOut:
    refusal = refusal_words(row.refusal)
    values = {n: row.values[n] for n in ("price_fen", "market_fen", "cost_fen", "stock", "limit", "code")}
    return GoodsRowOut(
        place=row.place, row=row.row, title=row.title, spec=row.spec, **values, pictures=len(row.pictures),
        severity=row.severity, problems=[_problem(code, data) for code, data in row.problems],
        product_id=None if row.product_id is None else str(row.product_id),
        sku_id=None if row.sku_id is None else str(row.sku_id),
        result=row.result, refusal=row.refusal, refusal_text=refusal[0], refusal_text_en=refusal[1],
    )  # fmt: skip


def refusal_words(code: str) -> tuple[str, str]:
    """Why a row was not taken at booking, in both languages."""
    if not code:
        return "", ""
    about = CODES.get(code)
    return (
        (about.zh, about.en) if about else REFUSALS.get(code, ("没有导入，请核对", "Not taken; look at it"))
    )
