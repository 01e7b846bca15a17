"""Building blocks of the operator's tables: read-only lists and pages with Chinese headings, and forms that call an action.

No page built from these saves a row: an operator's writes go through the same actions as everybody's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import AppError
from yantuan.kernel.money import price_text

Shown = Callable[[Any], Any]
ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponse])
EMPTY = "—"


def _reach(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
        if row is None:
            return None
    return row


def column(path: str, label: str, show: Shown | None = None, *, order: bool = True) -> Any:
    """A heading and what stands below it: the value at `path` (`a__b` goes through relations), or `show(row)`."""

    def cell(row: Any) -> Any:
        value = show(row) if show else _reach(row, path)
        if isinstance(value, date):
            text = china_text(value) if isinstance(value, datetime) else value.isoformat()
            return format_html('<span class="desk-time">{}</span>', text)
        return EMPTY if value is None or value == "" else value

    cell.__name__ = f"{path}_column"
    cell.short_description = label  # type: ignore[attr-defined]
    if order and show is None:
        cell.admin_order_field = path  # type: ignore[attr-defined]
    return cell


def money(path: str, label: str) -> Any:
    """An amount in fen, shown as ¥39.90."""

    def cell(row: Any) -> str:
        value = _reach(row, path)
        return EMPTY if value is None else price_text(int(value))

    cell.__name__ = f"{path}_money"
    cell.short_description = label  # type: ignore[attr-defined]
    cell.admin_order_field = path  # type: ignore[attr-defined]
    return cell


def label(word: str, tone: str) -> SafeString:
    """A coloured word; `tone` is good, wait, bad or plain."""
    return format_html('<span class="desk-label desk-label-{}">{}</span>', tone, word)


def state(path: str, heading: str, words: Mapping[str, str], tones: Mapping[str, str] | None = None) -> Any:
    """A state as a coloured word; `tones` maps states to good, wait, bad or plain."""

    def cell(row: Any) -> SafeString:
        value = str(_reach(row, path) or "")
        return label(words.get(value, value or EMPTY), (tones or {}).get(value, "plain"))

    cell.__name__ = f"{path}_state"
    cell.short_description = heading  # type: ignore[attr-defined]
    cell.admin_order_field = path  # type: ignore[attr-defined]
    return cell


def pretty(path: str, label: str, show: Shown | None = None) -> Any:
    """JSON or long text as it is, line by line: the value at `path`, or `show(row)`."""

    def cell(row: Any) -> SafeString:
        value = show(row) if show else _reach(row, path)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return format_html('<pre class="desk-raw">{}</pre>', value or EMPTY)
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
        return format_html('<pre class="desk-raw">{}</pre>', text)

    cell.__name__ = f"{path}_pretty"
    cell.short_description = label  # type: ignore[attr-defined]
    return cell


def link(view: str, label: str, text: Callable[[Any], str], query: Callable[[Any], str]) -> Any:
    """A way to another table (by name, e.g. `payments_refund_changelist`), narrowed by `query(row)`."""

    def cell(row: Any) -> SafeString:
        address = f"{reverse(f'admin:{view}')}?{query(row)}"
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, text(row)
        )

    cell.__name__ = f"{view}_link"
    cell.short_description = label  # type: ignore[attr-defined]
    return cell


def choose(field: str, label: str, options: Sequence[tuple[str, str]]) -> type[admin.SimpleListFilter]:
    """A filter of a list by one field, with a Chinese heading."""

    class Chosen(admin.SimpleListFilter):
        title = label
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
            return options

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = self.value()
            return queryset.filter(**{field: value}) if value in dict(options) else queryset

    return Chosen


def yes_no(name: str, label: str, yes: str, no: str, lookup: str) -> type[admin.SimpleListFilter]:
    """A filter by whether `lookup` (ending in `__isnull`) is empty."""

    class Chosen(admin.SimpleListFilter):
        title = label
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
            return [("1", yes), ("0", no)]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = self.value()
            return queryset if value not in ("0", "1") else queryset.filter(**{lookup: value == "0"})

    return Chosen


def button(
    description: str, url_path: str, *, icon: str | None = None, needs: str = ""
) -> Callable[[ViewT], ViewT]:
    """Make a method a button above a list or a row; `needs` names the `has_<needs>_permission` that shows it."""
    made = action(
        description=description, url_path=url_path, icon=icon, permissions=[needs] if needs else None
    )
    return cast("Callable[[ViewT], ViewT]", made)


class Renamed:
    """Something under other names; all the rest is asked of the thing itself. For headings of the theme's templates."""

    def __init__(self, inner: Any, text: str = "", **names: Any) -> None:
        self._inner, self._text, self._names = inner, text, names

    def __getattr__(self, name: str) -> Any:
        names = self.__dict__["_names"]
        return names[name] if name in names else getattr(self.__dict__["_inner"], name)

    def __str__(self) -> str:
        return self._text or str(self._inner)


class DeskAdmin(ModelAdmin):  # type: ignore[misc]
    """A table that can be looked at, never typed into.

    Set `columns` (the list), `details` (the page of one row) and `narrow_by` (relations a link may filter by).
    """

    columns: ClassVar[Sequence[Any]] = ()
    details: ClassVar[Sequence[Any]] = ()
    narrow_by: ClassVar[Sequence[str]] = ()
    heading: ClassVar[str] = ""
    """What the list is called, where the model itself has no Chinese name."""
    section: ClassVar[str] = ""
    """What its part of the console is called, where the application has no fitting Chinese name."""
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_fullwidth = True
    actions = None
    ordering: ClassVar[Sequence[str]] = ("-pk",)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return tuple(self.columns)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return tuple(self.details or self.columns)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return tuple(self.details or self.columns)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [(None, {"fields": self.get_fields(request, obj)})]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup in self.narrow_by or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.admin_site.has_permission(request))

    def name_of(self, row: Any) -> str:
        """What one row is called in headings."""
        return f"{self.model._meta.verbose_name} {row.pk}"

    def called(self) -> Renamed:
        """The model's options with Chinese names for the headings."""
        meta = self.model._meta
        name = self.heading or str(meta.verbose_name_plural)
        section = Renamed(meta.app_config, verbose_name=self.section or str(meta.app_config.verbose_name))
        return Renamed(meta, verbose_name=name, verbose_name_plural=name, app_config=section)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row = context.get("original")
        if row is not None:
            name = self.name_of(row)
            context |= {"title": name, "subtitle": None, "opts": self.called()}
            context["original"] = Renamed(row, name, _meta=self.called())
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        called = self.called()
        context = {"title": called.verbose_name, "subtitle": None, "opts": called, **(extra_context or {})}
        return super().changelist_view(request, context)

    def page_of(self, row_id: Any) -> str:
        """Address of one row's page."""
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row_id])

    def list_page(self) -> str:
        """Address of the list."""
        meta = self.model._meta
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


class DeskInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to a row, read-only; set `columns`."""

    columns: ClassVar[Sequence[Any]] = ()
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return tuple(self.columns)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return tuple(self.columns)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.admin_site.has_permission(request))


class ReasonForm(forms.Form):
    """Words somebody else will read."""

    reason = forms.CharField(
        label="原因", min_length=2, max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class ConfirmForm(forms.Form):
    """Nothing but yes."""


def operator_id(request: HttpRequest) -> int:
    """Who acts, for the audit log."""
    return int(request.user.pk or 0)


def act_page(
    desk: DeskAdmin,
    request: HttpRequest,
    form: forms.Form,
    work: Callable[[dict[str, Any]], str],
    *,
    title: str,
    explain: str = "",
    button: str = "确定",
    back: str,
) -> HttpResponse:
    """Show a form; when it is sent well, do `work(values)` and say its answer on the page `back`. A refusal stays on the form."""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, work(form.cleaned_data))
        except AppError as error:
            form.add_error(None, error.zh)
        else:
            return HttpResponseRedirect(back)
    context = {
        **desk.admin_site.each_context(request),
        "title": title,
        "explain": explain,
        "button": button,
        "form": form,
        "back": back,
        "opts": desk.called(),
    }
    return TemplateResponse(request, "console/act.html", context)


def sent(request: HttpRequest) -> Any:
    """The data a form is bound to: what was posted, or nothing."""
    return request.POST if request.method == "POST" else None


def row_or_none(model: type[Model], pk: Any) -> Any:
    """The row with this id as typed into an address, or None."""
    text = str(pk)
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return model._base_manager.filter(pk=int(text)).first()
