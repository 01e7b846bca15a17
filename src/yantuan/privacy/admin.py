"""On the page of a person: their copy, and their leaving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from yantuan.identity.admin import PersonAdmin
from yantuan.identity.models import Person
from yantuan.kernel import desk, desk_code
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError
from yantuan.privacy import copying, forgetting

WORD = "注销"


class CopyForm(forms.Form):
    """A copy leaves only with the dynamic code."""

    code = desk_code.code_field("验证器上最新的一组动态码")


class ForgetForm(forms.Form):
    """Why, the word, and the dynamic code."""

    reason = forms.CharField(
        label="原因",
        min_length=2,
        max_length=200,
        help_text="例如：本人来电要求注销，已核实尾号",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    word = forms.CharField(
        label=f"请输入“{WORD}”两个字确认", max_length=8, widget=UnfoldAdminTextInputWidget()
    )
    code = desk_code.code_field("验证器上最新的一组动态码")

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip()
        if word != WORD:
            raise forms.ValidationError(f"请输入“{WORD}”")
        return word


class PersonDesk(PersonAdmin):
    """The table of people with what can be done for one."""

    actions_detail = ("export", "forget")

    @desk.button("导出个人资料", "export", icon="download")
    def export(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self._person(object_id)
        form = CopyForm(desk.sent(request))
        if request.method == "POST" and form.is_valid():
            try:
                desk_code.check_code(request, form.cleaned_data["code"])
                return _attachment(person, copying.as_bytes(copying.copy_of(person, self._actor(request))))
            except AppError as error:
                form.add_error(None, error.zh)
        return self._ask(
            request, person, form, lambda values: "",
            title=f"导出「{person.nickname}」的个人资料",
            explain="下载一份 JSON，含本人的手机号、地址和全部订单，只可交给本人；照片请用命令 yantuan person export 导出。下载记入审计。",
            button="下载",
        )  # fmt: skip

    @desk.button("注销此人", "forget", icon="person_remove", needs="forget")
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self._person(object_id)
        busy = forgetting.obstacles(person.id)

        def work(values: dict[str, Any]) -> str:
            desk_code.check_code(request, values["code"])
            forgetting.forget(person.id, values["reason"], self._actor(request))
            return "已注销：姓名、手机号、微信标识、地址和照片已删除，订单只留下商品、金额和时间"

        waits = "、".join(f"{one.count} {one.zh}" for one in busy)
        return self._ask(
            request, person, ForgetForm(desk.sent(request)), work,
            title=f"注销「{person.nickname}」？",
            explain=f"现在还不能注销：有 {waits}。" if waits
            else "不能撤销。此人的姓名、手机号、微信标识、地址、留言和照片会被删除；订单的商品、金额和时间依法保留。",
            button="注销",
        )  # fmt: skip

    def has_forget_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        person = desk.row_or_none(Person, object_id)
        return self.has_view_permission(request) and person is not None and person.disabled_at is None

    def _person(self, object_id: str) -> Person:
        person: Person | None = desk.row_or_none(Person, object_id)
        if person is None:
            raise Http404
        return person

    def _actor(self, request: HttpRequest) -> Actor:
        return Actor("operator", desk.operator_id(request))

    def _ask(
        self,
        request: HttpRequest,
        person: Person,
        form: forms.Form,
        work: Callable[[dict[str, Any]], str],
        **words: str,
    ) -> HttpResponse:
        return desk.act_page(self, request, form, work, back=self.page_of(person.id), **words)


def _attachment(person: Person, data: bytes) -> HttpResponse:
    answer = HttpResponse(data, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="person-{person.id}.json"'
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


admin.site.unregister(Person)
admin.site.register(Person, PersonDesk)
