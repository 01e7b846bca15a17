"""Saved views: a person's own filters, order and columns of the orders table in one store."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from django.db import transaction

from yantuan.desk import rules
from yantuan.desk.models import SavedView
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict, Invalid, NotFound
from yantuan.stores.models import Store

MOST: Final = 20
"""Views of one person in one store."""
TITLE: Final = 20


def views(person: Person, store: Store) -> list[SavedView]:
    """The person's views there, the oldest first."""
    return list(SavedView.objects.filter(person=person, store_id=store.id).order_by("id"))


def question(query: str) -> rules.Asked:
    """An address taken apart."""
    return parse_qs(query, keep_blank_values=True)


def usual(person: Person, store: Store) -> rules.Filters | None:
    """What the table opens with; None without a default view, or when it names something that is no more."""
    view = SavedView.objects.filter(person=person, store_id=store.id, is_default=True).first()
    if view is None:
        return None
    try:
        return rules.read(question(view.query))
    except AppError:
        return None


def save(person: Person, store: Store, title: str, query: str, *, default: bool) -> SavedView:
    """Keep a question under a name; a name used before gets the new question. Search words are left out.

    Raises Invalid `view_title_needed` or `filter_unknown`, Conflict `too_many_views`.
    """
    title = rules.clean(title, TITLE)
    if not title:
        raise Invalid("view_title_needed", "给视图起个名字", "Give the view a name.", field="title")
    kept = rules.to_keep(rules.read(question(query)))
    mine = SavedView.objects.filter(person=person, store_id=store.id)
    with transaction.atomic():
        # The person's row is taken first, so that two windows save one after the other.
        Person.objects.select_for_update(no_key=True).get(id=person.id)
        if mine.exclude(title=title).count() >= MOST:
            raise Conflict(
                "too_many_views",
                f"最多保存 {MOST} 个视图，请先删掉不用的",
                "Too many views; delete one first.",
            )
        if default:
            mine.update(is_default=False)
        view, made = SavedView.objects.get_or_create(
            person=person, store_id=store.id, title=title,
            defaults={"query": kept, "is_default": default, "created_at": now()},
        )  # fmt: skip
        if not made:
            view.query, view.is_default = kept, default
            view.save(update_fields=["query", "is_default"])
    return view


def remove(person: Person, store: Store, view_id: int) -> None:
    """Delete one's own view. Raises NotFound for anybody else's."""
    gone, _ = SavedView.objects.filter(id=view_id, person=person, store_id=store.id).delete()
    if not gone:
        raise NotFound("没有找到这个视图", "No such view.")
