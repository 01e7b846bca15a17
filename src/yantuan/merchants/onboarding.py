"""Onboarding: the leader fills in and sends, the worker uploads, submits and asks, and the finished number becomes the account."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechatpay import WeChatPayClient
from yantuan.gateways.wechatpay.applyment_models import Applyment, ApplymentState
from yantuan.gateways.wechatpay.applyments import OnboardingClient
from yantuan.gateways.wechatpay.platform_applyments import PlatformOnboardingClient
from yantuan.identity import stepup
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.kernel.ids import new_id
from yantuan.media.access import hold_media, own_media
from yantuan.media.files import path_of
from yantuan.media.keeping import needs_papers
from yantuan.media.models import Media
from yantuan.media.pictures import as_jpeg
from yantuan.merchants import actions, forms, keys
from yantuan.merchants.forms import Form
from yantuan.merchants.models import MerchantApplication
from yantuan.stores.access import access_store
from yantuan.stores.models import Store

log = logging.getLogger("yantuan.merchants")

SENT: Final = "merchant.application_sent"
PAPERS: Final = {"certification"}
"""Purpose of its pictures: private, as papers are."""
ASK_SECONDS: Final = (60, 300, 900, 3600)
"""Waits between questions about an application; afterwards every hour."""
BATCH = 50
_FROZEN: Final = "微信支付冻结了这次申请，请先联系微信支付，之后可以重新填写。"
ABANDONED = timedelta(days=180)
"""An application nobody has touched for so long is given up, and its contents destroyed."""
State = MerchantApplication.State
_OVER = (State.FINISHED, State.CANCELED)
_EDITABLE = (State.EDITING, State.REJECTED)
_STATES: Final = {
    ApplymentState.EDITING: State.REJECTED,
    ApplymentState.AUDITING: State.AUDITING,
    ApplymentState.REJECTED: State.REJECTED,
    ApplymentState.TO_BE_CONFIRMED: State.TO_CONFIRM,
    ApplymentState.TO_BE_SIGNED: State.TO_SIGN,
    ApplymentState.SIGNING: State.SIGNING,
    ApplymentState.FINISHED: State.FINISHED,
    ApplymentState.CANCELED: State.CANCELED,
    ApplymentState.FROZEN: State.CANCELED,
}


def latest(store_id: int) -> MerchantApplication | None:
    """The store's newest application."""
    return MerchantApplication.objects.filter(store_id=store_id).order_by("-id").first()


def save(person: Person, store_id: int, given: Form) -> MerchantApplication:
    """Keep what the leader has filled in so far. Raises Conflict `application_under_way` once it was sent, Invalid
    `media_unknown`, AppError `merchant_account_unusable` where the operator is no partner."""
    store = access_store(person, store_id)
    if not config().has_partner:
        raise keys.unusable()
    own_media(person.id, [int(one) for one in given.pictures()], PAPERS)
    with transaction.atomic():
        row = _open_one(store.id) or _new(store.id)
        if row.state not in _EDITABLE:
            raise Conflict(
                "application_under_way",
                f"申请{row.get_state_display()}，现在不能修改",
                "The application is under way and can't be changed now.",
            )
        hold_media(int(one) for one in given.pictures())
        row.form_sealed = forms.seal_form(forms.merged(forms.open_form(row.form_sealed), given))
        row.papers = list(dict.fromkeys([*row.papers, *given.pictures()]))
        row.updated_at = now()
        row.save()
    return row


@needs_papers
def papers_of_applications(media_ids: Collection[int], since: datetime) -> set[int]:
    """Pictures of applications under way, or over at `since` or later."""
    standing = MerchantApplication.objects.filter(~Q(state__in=_OVER) | Q(finished_at__gte=since))
    named: set[int] = set()
    for papers, sealed in standing.values_list("papers", "form_sealed").iterator():
        # Rows from before `papers` was kept name them in their form only.
        named.update(int(one) for one in [*papers, *forms.open_form(sealed).pictures()])
    return named & set(media_ids)


def _open_one(store_id: int) -> MerchantApplication | None:
    if not Store.objects.select_for_update(no_key=True).filter(id=store_id).exists():
        raise NotFound
    rows = MerchantApplication.objects.select_for_update().filter(store_id=store_id)
    return rows.exclude(state__in=_OVER).first()


def _new(store_id: int) -> MerchantApplication:
    row_id, moment = new_id(), now()
    return MerchantApplication(
        id=row_id, store_id=store_id, business_code=f"YT{row_id}", created_at=moment, updated_at=moment
    )


def send(person: Person, store_id: int, confirmed_at: datetime | None) -> MerchantApplication:
    """Hand a complete form over to WeChat Pay; a worker does it. Again while under way: no change.

    Raises NotFound without a form, Invalid `application_incomplete` or `application_invalid`, StepUpNeeded.
    """
    store = access_store(person, store_id)
    stepup.require_for_account(person, confirmed_at)
    with transaction.atomic():
        row = _open_one(store.id)
        if row is None:
            raise NotFound
        if row.state not in _EDITABLE:
            return row
        forms.check_complete(forms.open_form(row.form_sealed))
        row.state, row.details, row.message, row.updated_at = State.SENDING, [], "", now()
        row.save(update_fields=["state", "details", "message", "updated_at"])
        actor = Actor("leader", person.id)
        audit.record(actor, "merchant.apply", "merchant_application", row.id, store_id=store.id)
        outbox.emit(SENT, {"application_id": str(row.id)}, store_id=store.id)
    return row


def client() -> OnboardingClient:
    """The partner's client, of either kind. Raises AppError `merchant_account_unusable`."""
    cfg = config()
    pay = WeChatPayClient(keys.partner_settings(cfg))
    if cfg.wechatpay_sp_kind == "platform":
        return PlatformOnboardingClient(pay, store_url=cfg.public_url)
    return OnboardingClient(pay)


def push(application_id: int) -> None:
    """Upload the pictures and submit; safe to repeat: pictures are named by their content, the form by its code.

    Must be called outside a transaction. Raises GatewayError when the result is not known, to be tried again.
    """
    row = MerchantApplication.objects.filter(id=application_id, state=State.SENDING).first()
    if row is None:
        return
    form, partner = forms.open_form(row.form_sealed), client()
    try:
        for media_id in form.pictures():
            if media_id not in row.pictures:
                picture = _picture(media_id)
                if picture is None:
                    _say_rejected(row, "", "有一张照片已经不在了，请重新上传")
                    return
                row.pictures[media_id] = partner.upload_picture(f"{media_id}.jpg", picture)
                row.save(update_fields=["pictures"])
        number = partner.submit(forms.application(form, row.business_code, row.pictures))
    except GatewayThrottled:
        raise
    except (GatewayRefused, GatewayInvalid) as error:
        _refused(row, error)
        return
    MerchantApplication.objects.filter(id=row.id, state=State.SENDING).update(
        state=State.AUDITING,
        applyment_id=number,
        asks=0,
        next_ask_at=now() + timedelta(seconds=ASK_SECONDS[0]),
    )


def _picture(media_id: str) -> bytes | None:
    """As WeChat Pay takes it; None when its file is gone."""
    media = Media.objects.filter(id=int(media_id), removed_at=None).first()
    try:
        return as_jpeg(path_of(media.key).read_bytes()) if media is not None else None
    except FileNotFoundError:
        return None


def _refused(row: MerchantApplication, error: GatewayRefused | GatewayInvalid) -> None:
    words = error.provider_message if isinstance(error, GatewayRefused) else error.rule
    log.warning("application %s refused: %s", row.business_code, error)
    _say_rejected(row, str(getattr(error, "field", "") or ""), words)


def _say_rejected(row: MerchantApplication, field: str, words: str) -> None:
    MerchantApplication.objects.filter(id=row.id, state=State.SENDING).update(
        state=State.REJECTED, message=words[:300], details=[{"field_name": field, "reason": words[:200]}]
    )


def ask_due() -> int:
    """Ask about every application whose time has come; answers how many."""
    due = MerchantApplication.objects.filter(next_ask_at__lte=now()).order_by("next_ask_at")[:BATCH]
    rows = list(due)
    if rows and not config().has_partner:
        return 0
    for row in rows:
        try:
            ask(row)
        except AppError as error:
            log.warning("no clear word about application %s: %s", row.business_code, error)
            _plan(row)
    return len(rows)


def ask(row: MerchantApplication) -> MerchantApplication:
    """Ask WeChat Pay once and keep what it says; a finished application becomes the store's account.

    Must be called outside a transaction. Raises GatewayError.
    """
    told = client().query_by_code(row.business_code)
    if told is not None:
        _keep(row, told)
    if row.state == State.FINISHED:
        actions.set_partner(row.store_id, row.sub_mchid, "进件完成", SYSTEM)
        _forget(row)
    else:
        _plan(row)
    return row


def _keep(row: MerchantApplication, told: Applyment) -> None:
    row.state = _STATES.get(told.state, State(row.state))
    frozen = told.state is ApplymentState.FROZEN
    row.message = (_FROZEN if frozen else "") + told.state_message[: 300 - len(_FROZEN)]
    row.sign_url = told.sign_url[:512]
    row.sub_mchid = told.sub_mchid or row.sub_mchid
    row.details = [
        {"field_name": d.field_name[:60], "reason": d.reject_reason[:200]} for d in told.audit_details[:30]
    ]
    row.updated_at = now()
    row.save(update_fields=["state", "message", "sign_url", "sub_mchid", "details", "updated_at"])


def _plan(row: MerchantApplication) -> None:
    wait = ASK_SECONDS[min(row.asks, len(ASK_SECONDS) - 1)]
    waits_for_leader = row.state in (State.REJECTED, State.CANCELED)
    row.asks += 1
    row.next_ask_at = None if waits_for_leader else now() + timedelta(seconds=wait)
    row.save(update_fields=["asks", "next_ask_at"])
    if row.state == State.CANCELED:
        _forget(row)


def _forget(row: MerchantApplication) -> None:
    """It is over: nobody needs the papers' contents here any more."""
    MerchantApplication.objects.filter(id=row.id).update(
        form_sealed="", pictures={}, next_ask_at=None, finished_at=now()
    )
    row.refresh_from_db()


def give_up_abandoned() -> int:
    """End applications that wait for a leader who has forgotten them; answers how many."""
    forgotten = MerchantApplication.objects.filter(
        state__in=_EDITABLE, updated_at__lt=now() - ABANDONED
    ).exclude(form_sealed="")
    rows = list(forgotten[:BATCH])
    for row in rows:
        # A leader who comes back this very moment has touched it, and it stays.
        if forgotten.filter(id=row.id).update(state=State.CANCELED, message="超过 180 天没有修改，已作废"):
            _forget(row)
    return len(rows)
