"""The verbs of sharing."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F

from yantuan.gateways.wechat_oa import JsSignature
from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.gateway import official
from yantuan.identity.models import Person
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import keyed_hash
from yantuan.sharing.access import TOKEN
from yantuan.sharing.models import Share, ShareOpen
from yantuan.sharing.rules import is_own_url
from yantuan.sharing.schemas import ShareIn
from yantuan.stores.access import access_store
from yantuan.stores.models import Store

logger = logging.getLogger(__name__)

MAX_SHARES = 200
"""Shares of one sale, or of one store's page."""
KEEP_DAYS = 2

_COUNT_ONCE = """
INSERT INTO sharing_shareopen (share_id, day, visitor) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_COUNT_DAY = """
INSERT INTO sharing_shareday (share_id, store_id, day, opens) VALUES (%s, %s, %s, 1)
ON CONFLICT (share_id, day) DO UPDATE SET opens = sharing_shareday.opens + 1
"""


def share_group_buy(person: Person, group_buy_id: int, data: ShareIn) -> Share:
    """A share of a sale; the same kind and label again is the same share. Raises Conflict `not_published` for drafts."""
    group_buy = access_group_buy(person, group_buy_id)
    if group_buy.state == GroupBuy.State.DRAFT:
        raise Conflict("not_published", "发布后才能分享", "Publish the sale before sharing it.")
    return _share(group_buy.store, group_buy.id, data)


def share_store(person: Person, store_id: int, data: ShareIn) -> Share:
    """A share of a store's page; the same kind and label again is the same share."""
    return _share(access_store(person, store_id), None, data)


def _share(store: Store, group_buy_id: int | None, data: ShareIn) -> Share:
    with transaction.atomic():
        # The store's row keeps two taps from making two shares of one label.
        Store.objects.select_for_update(no_key=True).get(id=store.id)
        rows = Share.objects.filter(store=store, group_buy_id=group_buy_id)
        found = rows.filter(kind=data.kind, label=data.label).first()
        if found is not None:
            return found
        if rows.count() >= MAX_SHARES:
            raise Conflict("too_many_shares", "分享记录太多了，请用已有的", "Use one of the shares you have.")
        return Share.objects.create(
            store=store,
            group_buy_id=group_buy_id,
            token=short_code(),
            kind=data.kind,
            label=data.label,
            created_at=now(),
        )


def count_open(token: str, visitor_text: str) -> bool:
    """Count a visitor of a share once a day; True if this one was new. Never fails a page: trouble is only logged.

    What is stored is a keyed hash over the day, the share and `visitor_text` (address and browser), so that nobody can
    be told apart over days or shares; it is deleted after two days.
    """
    if not TOKEN.fullmatch(token):
        return False
    try:
        return _count_open(token, visitor_text)
    except DatabaseError:
        logger.warning("an open of a share was not counted", exc_info=True)
        return False


def _count_open(token: str, visitor_text: str) -> bool:
    share = Share.objects.filter(token=token).values_list("id", "store_id").first()
    if share is None:
        return False
    share_id, store_id = share
    day = now().astimezone(CHINA).date()
    visitor = keyed_hash("share-visitor", f"{day}/{share_id}/{visitor_text}")[:32]
    if ShareOpen.objects.filter(share_id=share_id, day=day, visitor=visitor).exists():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT_ONCE, [share_id, day, visitor])
        if cursor.rowcount != 1:
            return False
        cursor.execute(_COUNT_DAY, [share_id, store_id, day])
        Share.objects.filter(id=share_id).update(opens=F("opens") + 1)
    return True


def forget_visitors() -> int:
    """Delete the hashes of days gone by; only the counts stay. Answers how many rows went."""
    before = now().astimezone(CHINA).date() - timedelta(days=KEEP_DAYS)
    return ShareOpen.objects.filter(day__lt=before).delete()[0]


def sign_page(url: str) -> JsSignature:
    """What WeChat's JS-SDK needs to run on one of our own pages.

    Raises Invalid `url_foreign` for other addresses, NotConfigured without an official account, the GatewayError
    family when WeChat doesn't answer.
    """
    if len(url) > 2000 or not is_own_url(url, config().public_url):
        raise Invalid(
            "url_foreign", "只能为本站页面签名", "Only this site's own pages are signed.", field="url"
        )
    return official().js_signature(url.split("#", 1)[0])
