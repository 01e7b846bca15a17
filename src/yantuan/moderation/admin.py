"""The operator's queue of content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from yantuan.kernel import desk
from yantuan.media.desk import show
from yantuan.moderation import actions
from yantuan.moderation.gate import parts_of
from yantuan.moderation.models import Part, Submission, Verdict
from yantuan.moderation.rules import CAUSES, label_text

KINDS = {"groupbuy": "团购", "store": "卖场", "point": "自提点", "product": "商品", "person": "昵称头像"}
_PAGES = {"groupbuy": "groupbuys_groupbuy", "product": "catalog_product"}
_TONES = {"waiting": "plain", "doubtful": "wait", "rejected": "bad", "passed": "good", "withdrawn": "plain"}
_PIECE_TONES = {"new": "plain", "asked": "plain", "passed": "good", "doubtful": "wait", "risky": "bad"}


def _why(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    words = [label_text(verdict.label)] if verdict.label > 100 else []
    if verdict.cause:
        words.append(CAUSES.get(verdict.cause, ""))
    if verdict.operator_id is not None:
        words.append("人工通过")
    return " · ".join(words)


def _state(verdict: Verdict | None) -> Any:
    name = verdict.state if verdict is not None else "new"
    return desk.label(str(dict(Verdict.State.choices)[name]), _PIECE_TONES[name])


def _piece(part: Part, verdict: Verdict | None) -> Any:
    if verdict is None or verdict.media_id is None:
        return format_html('<pre class="desk-raw">{}</pre>', verdict.text if verdict else desk.EMPTY)
    address = reverse("admin:moderation_submission_picture", args=[part.submission_id, verdict.id])
    return format_html(
        '<a href="{}" target="_blank" rel="noopener"><img src="{}?thumb=1" alt="{}" loading="lazy" width="200"></a>',
        address, address, part.place,
    )  # fmt: skip


def _pieces(row: Submission) -> Any:
    """What it says: the pieces in trouble first, those that passed folded away."""
    order = {"risky": 0, "doubtful": 1, "asked": 2, "new": 3, "passed": 4}
    found = sorted(parts_of(row), key=lambda one: order[one[1].state if one[1] else "new"])
    passed = [one for one in found if one[1] is not None and one[1].state == Verdict.State.PASSED]
    others = [one for one in found if one not in passed]
    if not passed or not others:
        return _listed(found)
    folded = format_html(
        '<details class="desk-piece"><summary>另外 {} 处已通过</summary>{}</details>',
        len(passed),
        _listed(passed),
    )
    return _listed(others) + folded


def _listed(pieces: Sequence[tuple[Part, Verdict | None]]) -> SafeString:
    return format_html_join(
        "",
        '<div class="desk-piece"><p><b>{}</b>{}<span class="desk-hint">{}</span></p>{}</div>',
        ((part.place, _state(verdict), _why(verdict), _piece(part, verdict)) for part, verdict in pieces),
    )


def _what(row: Submission) -> str:
    kind = KINDS.get(row.kind, row.kind)
    return f"{kind} · {'修改已公开的内容' if row.wish is not None else '首次公开'}"


def _who(row: Submission) -> Any:
    """Ways to what it is about and to whoever says it."""
    found = [("发布人", "identity_person", row.person_id)]
    if row.store_id is not None:
        found.insert(0, ("卖场", "stores_store", row.store_id))
    if row.kind in _PAGES:
        found.insert(0, (KINDS[row.kind], _PAGES[row.kind], row.subject_id))
    ways = ((reverse(f"admin:{page}_change", args=[pk]), word) for word, page, pk in found)
    return format_html_join(" · ", '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', ways)


@admin.register(Submission)
class SubmissionAdmin(desk.DeskAdmin):
    columns = (
        desk.column("title", "内容"),
        desk.column("kind", "类型", lambda row: KINDS.get(row.kind, row.kind)),
        desk.state("state", "状态", dict(Submission.State.choices), _TONES),
        desk.column("live", "已公开", lambda row: "是，微信事后判为违规" if row.live else ""),
        desk.column("submitted_at", "提交时间"),
        desk.column("decided_at", "处理时间"),
    )
    details = (
        columns[2],
        desk.column("pieces", "文字和图片", _pieces),
        desk.column("kind", "类型", _what),
        columns[3],
        desk.column("reason", "原因"),
        desk.column("who", "来自", _who),
        *columns[4:],
    )
    list_filter = (
        desk.choose("state", "状态", Submission.State.choices),
        desk.choose("kind", "类型", list(KINDS.items())),
    )
    search_fields = ("title", "=subject_id", "=store_id")
    search_help_text = "按标题、卖场编号或对象编号查找"
    actions_detail = ("approve", "reject")

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """What waits for an operator stands first."""
        return (Case(When(state="doubtful", then=0), default=1).asc(), "-submitted_at", "-pk")

    def name_of(self, row: Submission) -> str:
        return f"内容审核：{row.title or KINDS.get(row.kind, row.kind)}"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.picture)
        own = path("<int:pk>/pictures/<int:verdict_id>/", view, name="moderation_submission_picture")
        return [own, *super().get_urls()]

    def picture(self, request: HttpRequest, pk: int, verdict_id: int) -> HttpResponse:
        """One picture of a submission, also one that is no longer served to everybody."""
        row = desk.row_or_none(Submission, pk)
        verdict = Verdict.objects.filter(id=verdict_id, media_id__isnull=False).first()
        if row is None or verdict is None or not row.parts.filter(digest=verdict.digest).exists():
            raise Http404
        return show(request, [verdict.media_id], 0, "content.picture", "submission", row.id)

    @desk.button("通过", "approve", icon="check", needs="approve")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, good=True)

    @desk.button("不通过", "reject", icon="close", needs="reject")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, good=False)

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._open(request, object_id, actions.DECIDABLE)

    def has_reject_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._open(request, object_id, actions.REJECTABLE)

    def _open(self, request: HttpRequest, object_id: Any, states: tuple[str, ...]) -> bool:
        row = desk.row_or_none(Submission, object_id)
        return self.has_view_permission(request) and row is not None and row.state in states

    def _decide(self, request: HttpRequest, object_id: str, *, good: bool) -> HttpResponse:
        row = desk.row_or_none(Submission, object_id)
        if row is None:
            raise Http404

        def work(values: dict[str, Any]) -> str:
            decide = actions.approve if good else actions.reject
            decide(row.id, values["reason"], desk.operator_id(request))
            return "已通过，会自动公开" if good else "已标为不通过"

        explain = "通过后自动公开，并记入审计日志。" if good else "原因会原样显示给发布人，请写清楚要改什么。"
        if row.live and not good:
            explain = "内容已经公开：不通过会立即下架。原因会原样显示给发布人。"
        return desk.act_page(
            self,
            request,
            desk.ReasonForm(desk.sent(request)),
            work,
            title=f"{'通过' if good else '不通过'}「{row.title}」",
            explain=explain,
            button="通过" if good else "不通过",
            back=self.page_of(row.id),
        )
