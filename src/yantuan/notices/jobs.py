"""Who is told what, after each event of the trade."""

from __future__ import annotations

from typing import Any

from yantuan.aftersales.models import AfterSale
from yantuan.fulfilment.models import Shipment
from yantuan.groupbuys import schedule
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.identity.queries import masked_name
from yantuan.kernel.clock import now
from yantuan.kernel.money import price_text
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.leaders.models import Leader
from yantuan.merchants.rules import PROBLEMS
from yantuan.notices import cards, lines, permits, promises, pushes, reminding, sending, settling, teams
from yantuan.notices.actions import post, tell_buyer, tell_channels, tell_leader
from yantuan.notices.models import Delivery
from yantuan.notices.rules import (
    AFTER_SALE_WORDS,
    CONTENT_LINKS,
    CONTENT_WORDS,
    HALT_WORDS,
    PAY_TROUBLE_WORDS,
    PROFILE_WORDS,
    SELLING_WORDS,
    Words,
    paid_buyer,
    paid_leader,
)
from yantuan.orders.address_records import on_stale_paper
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.models import OfflineProof, Refund
from yantuan.payments.queries import refund_problem
from yantuan.stores.halting import LEADER_WORDS
from yantuan.stores.models import Store

_HOW = {"courier": "快递", "pickup": "自提"}


def _order(payload: dict[str, Any]) -> Order:
    return Order.objects.select_related("store__leader").get(id=payload["order_id"])


def _link(order: Order, role: str) -> str:
    return f"/pages/order/index?id={order.id}" + ("&as=leader" if role == "leader" else "")


def _both(order: Order, kind: str, leader: Words | None, buyer: Words | None, key: str) -> None:
    if leader:
        tell_leader(order.store, kind, leader, key, order_id=order.id, link=_link(order, "leader"))
    if buyer:
        words, link = buyer, _link(order, "buyer")
        tell_buyer(order.person_id, kind, words, key, store_id=order.store_id, order_id=order.id, link=link)


@on("order.paid")
def order_paid(payload: dict[str, Any]) -> None:
    order = _order(payload)
    nickname = Person.objects.filter(id=order.person_id).values_list("nickname", flat=True).first() or ""
    how = _HOW.get(order.delivery_method, "")
    leader = paid_leader(
        order.number, order.total_fen, order.goods_text, masked_name(nickname or "团员"), how
    )
    _both(
        order,
        "order_paid",
        leader,
        paid_buyer(order.number, order.total_fen, order.goods_text),
        f"paid:{order.id}",
    )


@on("order.closed")
def order_closed(payload: dict[str, Any]) -> None:
    order = _order(payload)
    if order.close_reason == "expired":
        words = Words(f"订单 #{order.number} 超时未支付", "商品已释放，需要的话可以重新下单")
        _both(order, "order_closed", None, words, f"closed:{order.id}")


@on("proof.sent")
def proof_sent(payload: dict[str, Any]) -> None:
    order = _order(payload)
    words = Words(
        f"#{order.number} 已付款，待你确认",
        f"{price_text(order.total_fen)} · {order.goods_text}",
        order.total_fen,
    )
    _both(order, "proof_sent", words, None, f"proof:{payload['proof_id']}")


@on("proof.decided")
def proof_decided(payload: dict[str, Any]) -> None:
    proof = OfflineProof.objects.get(id=payload["proof_id"])
    if proof.state == OfflineProof.State.REJECTED:
        order = Order.objects.select_related("store__leader").get(id=proof.order_id)
        words = Words(f"订单 #{order.number} 团长未收到付款", proof.reason or "请核对后重新提交凭证")
        _both(order, "proof_rejected", None, words, f"proof_rejected:{proof.id}")


@on("order.shipped")
def order_shipped(payload: dict[str, Any]) -> None:
    order = _order(payload)
    words = Words(f"订单 #{order.number} 已发货", order.goods_text)
    # Several parcels of one imported sheet are one message.
    told_as = payload.get("told_as") or payload.get("shipment_id", order.id)
    _both(order, "order_shipped", None, words, f"shipped:{told_as}")


@on("parcel.corrected")
def parcel_corrected(payload: dict[str, Any]) -> None:
    order, parcel = _order(payload), Shipment.objects.get(id=payload["shipment_id"])
    words = Words(
        f"订单 #{order.number} 的运单号更正了", f"现在是 {parcel.carrier_name} {parcel.tracking_no}"
    )
    at = parcel.corrected_at.isoformat() if parcel.corrected_at else ""
    _both(order, "parcel_corrected", None, words, f"corrected:{parcel.id}:{at}")


@on("order.readdressed")
def order_readdressed(payload: dict[str, Any]) -> None:
    """The other side hears of it; what a leader has on paper already is named first."""
    order, key = _order(payload), f"readdressed:{payload['order_id']}:{payload['version']}"
    if payload["by"] == "leader":
        words = Words(f"订单 #{order.number} 的收货信息改了", "团长修改了收货信息，请打开订单核对")
        _both(order, "order_readdressed", None, words, key)
    elif order.payment in PAID_PAYMENTS:
        stale = on_stale_paper(order)
        what = "标签或表格已导出过，请重新导出" if stale else "发货时以订单里的为准"
        _both(order, "order_readdressed", Words(f"订单 #{order.number} 买家改了收货信息", what), None, key)


@on("parcel.withdrawn")
def parcel_withdrawn(payload: dict[str, Any]) -> None:
    order, parcel = _order(payload), Shipment.objects.get(id=payload["shipment_id"])
    words = Words(
        f"订单 #{order.number} 的一个包裹还没有寄出",
        f"团长撤回了 {parcel.carrier_name} {parcel.tracking_no}，寄出后会再通知你",
    )
    _both(order, "parcel_withdrawn", None, words, f"withdrawn:{parcel.id}")


def arrived_key(order: Order) -> str:
    """One word of arrival to each buyer of a sale at a point; goods of a shelf come anew with each order."""
    dated = GroupBuy.objects.filter(id=order.group_buy_id, kind=GroupBuy.Kind.DATED).exists()
    return f"arrived:{order.group_buy_id}:{order.pickup_point_id}" if dated else f"arrived:{order.id}"


@on("order.arrived")
def order_arrived(payload: dict[str, Any]) -> None:
    order = _order(payload)
    words = Words(f"订单 #{order.number} 已到自提点", f"{order.goods_text}，请带取货码来取")
    _both(order, "order_arrived", None, words, arrived_key(order))


@on("order.picked")
def order_picked(payload: dict[str, Any]) -> None:
    order = _order(payload)
    _both(
        order,
        "order_picked",
        None,
        Words(f"订单 #{order.number} 已自提", order.goods_text),
        f"picked:{order.id}:{order.version}",
    )


@on("refund.succeeded")
def refund_succeeded(payload: dict[str, Any]) -> None:
    refund = Refund.objects.get(id=payload["refund_id"])
    order = Order.objects.select_related("store__leader").get(id=refund.order_id)
    words = Words(
        f"订单 #{order.number} 退款 {price_text(refund.amount_fen)} 已退回",
        refund.reason or refund.get_cause_display(),
    )
    _both(order, "refund_done", words, words, f"refund:{refund.id}")


@on("refund.trouble")
def refund_trouble(payload: dict[str, Any]) -> None:
    refund = Refund.objects.get(id=payload["refund_id"])
    order = Order.objects.select_related("store__leader").get(id=refund.order_id)
    words = Words(f"订单 #{order.number} 退款遇到问题", refund_problem(refund) or "请打开订单查看并重试")
    _both(order, "refund_trouble", words, None, f"refund_trouble:{refund.id}:{refund.tries}")


@on("aftersale.changed")
def aftersale_changed(payload: dict[str, Any]) -> None:
    event = str(payload["event"])
    if event not in AFTER_SALE_WORDS:
        return
    who, title = AFTER_SALE_WORDS[event]
    case = AfterSale.objects.select_related("order__store__leader").get(id=payload["aftersale_id"])
    amount = case.agreed_fen if case.agreed_fen is not None else case.requested_fen
    words = Words(f"#{case.order.number} {title}", f"{price_text(amount)} · {case.order.goods_text}")
    key = f"aftersale:{case.id}:{event}:{case.version}"
    order = case.order
    if who in ("leader", "both"):
        link = f"/leader/after-sale/index?id={case.id}"
        tell_leader(order.store, "aftersale", words, key, order_id=order.id, link=link)
    if who in ("buyer", "both"):
        link = f"/buyer/after-sale/index?id={case.id}"
        tell_buyer(
            order.person_id, "aftersale", words, key, store_id=order.store_id, order_id=order.id, link=link
        )


@on("certification.decided")
def certification_decided(payload: dict[str, Any]) -> None:
    leader = Leader.objects.get(id=payload["leader_id"])
    if payload["approved"]:
        words = Words("认证已通过", "可以发布团购了，先去完善卖场和商品吧")
    else:
        words = Words("认证没有通过", "请查看原因，修改后重新提交")
    stamp = payload.get("certification_id") or int(now().timestamp())
    link = "/leader/certify/index"
    post(leader.person_id, "leader", "certification", words, f"certification:{leader.id}:{stamp}", link=link)


@on("leader.suspended")
@on("leader.restored")
def leader_selling_changed(payload: dict[str, Any]) -> None:
    leader = Leader.objects.get(id=payload["leader_id"])
    words = Words(SELLING_WORDS["leader", bool(payload["selling"])], str(payload["reason"]))
    key = f"selling:{leader.id}:{payload['at']}"
    post(leader.person_id, "leader", "selling", words, f"leader:{key}", link="/leader/certify/index")
    for store_id in Store.objects.filter(leader=leader).values_list("id", flat=True):
        tell_channels(store_id, "selling", words, key)


@on("store.suspended")
@on("store.restored")
def store_selling_changed(payload: dict[str, Any]) -> None:
    store = Store.objects.select_related("leader").get(id=payload["store_id"])
    title = f"{store.name}：{SELLING_WORDS['store', bool(payload['selling'])]}"
    tell_leader(store, "selling", Words(title, str(payload["reason"])), f"selling:{store.id}:{payload['at']}")


@on("moderation.decided")
def content_decided(payload: dict[str, Any]) -> None:
    """A publication or change that waited for the content check was carried out, or may not be."""
    outcome = CONTENT_WORDS.get((str(payload["state"]), bool(payload["change"])))
    if outcome is None:
        return
    kind, subject = str(payload["kind"]), int(payload["subject_id"])
    if kind == "groupbuy" and payload["state"] == "passed" and schedule.is_to_wait(subject):
        outcome = "内容审核通过，会按时发布"
    key = f"content:{payload['submission_id']}:{payload['revision']}:{payload['state']}"
    if kind == "person":
        words = Words(PROFILE_WORDS[str(payload["state"])], str(payload["reason"]))
        post(subject, "buyer", "profile", words, f"buyer:{subject}:{key}", link="/pages/me/index")
        return
    store = Store.objects.select_related("leader").filter(id=payload["store_id"] or 0).first()
    if store is None:
        return
    words = Words(f"「{payload['title']}」{outcome}", str(payload["reason"]))
    tell_leader(store, "selling", words, key, link=CONTENT_LINKS.get(kind, "").format(subject))


@on("group_buy.scheduled")
def published_on_time(payload: dict[str, Any]) -> None:
    """A draft was published by itself, or could not be."""
    sale = GroupBuy.objects.select_related("store__leader").filter(id=payload["group_buy_id"]).first()
    if sale is None:
        return
    outcome = "已按时发布，去分享给团友吧" if payload["published"] else "没能按时发布，请处理后再发布"
    words = Words(f"「{payload['title']}」{outcome}", str(payload["reason"]))
    page = "share" if payload["published"] else "group-edit"
    key = f"scheduled:{sale.id}:{payload['at']}"
    tell_leader(sale.store, "selling", words, key, link=f"/leader/{page}/index?id={sale.id}")


@on("store.halted")
@on("store.released")
def store_halted(payload: dict[str, Any]) -> None:
    """Its leader is told what it means for them; the findings are for the operator."""
    store = Store.objects.select_related("leader").get(id=payload["store_id"])
    words = Words(
        f"{store.name}：{HALT_WORDS[bool(payload['halted'])]}", LEADER_WORDS if payload["halted"] else ""
    )
    tell_leader(store, "selling", words, f"halt:{store.id}:{payload['at']}")


@on("merchant.trouble")
def account_trouble(payload: dict[str, Any]) -> None:
    """A store's own merchant account stopped working, or works again; of the operator's the operator's alarms tell."""
    store = Store.objects.select_related("leader").filter(id=payload["store_id"]).first()
    if store is None:
        return
    problem = str(payload["problem"])
    title = f"{store.name}：{PAY_TROUBLE_WORDS[bool(problem)]}"
    why = PROBLEMS.get(problem, PROBLEMS["other"])[0] if problem else ""
    key = f"pay_trouble:{store.id}:{payload['at']}"
    tell_leader(store, "selling", Words(title, why), key, link="/leader/payments/index")


@on("split.terms")
def split_terms_changed(payload: dict[str, Any]) -> None:
    """The platform proposed or ended a share of a store's payments."""
    store = Store.objects.select_related("leader").get(id=payload["store_id"])
    proposed = payload["what"] == "proposed"
    what = f"平台提出 {payload['rate']} 的服务费约定，等你确认" if proposed else "平台终止了服务费约定"
    words = Words(f"{store.name}：{what}", str(payload["reason"]))
    key = f"split_terms:{payload['terms_id']}:{payload['what']}"
    tell_leader(store, "split_terms", words, key, link="/leader/payments/index")


@on("order.paid")
@on("order.shipped")
@on("order.arrived")
@on("order.picked")
@on("order.received")
def order_moved(payload: dict[str, Any]) -> None:
    """The card in the buyer's WeChat follows."""
    cards.follow(int(payload["order_id"]))


@every(10)
def show_cards() -> int:
    """Service cards that are due."""
    return cards.push_due()


@on("notice.deliver")
def notice_deliver(payload: dict[str, Any]) -> None:
    sending.deliver(str(payload["channel"]), str(payload["recipient"]))


@every(5)
def deliver_due() -> None:
    """Deliveries whose own event came too early or was lost in a crash."""
    due = Delivery.objects.filter(state="waiting", due_at__lte=now()).order_by("due_at")
    for channel, recipient in dict.fromkeys(due.values_list("channel", "recipient")[:200]):
        sending.deliver(channel, recipient)


@every(60)
def remind_unpaid() -> int:
    """Buyers whose order is about to be closed unpaid."""
    return reminding.remind_unpaid()


@every(3600)
def forget_consent_marks() -> int:
    """Words about acceptances that no other word can belong to any more."""
    return permits.forget_marks()


PUSHES = (pushes.popup_answered, pushes.consent_changed, pushes.message_fared)
"""What is registered for WeChat's pushes by being imported here."""
LINES = (lines.place_held, lines.place_gone)
"""What is registered for waiting lists by being imported here."""
PROMISES = (promises.promise_due,)
"""What is registered for pre-sales by being imported here."""
SETTLING = (settling.sale_formed, settling.sale_judged)
"""What is registered for sales that settle by being imported here."""
TEAMS = (teams.team_settled,)
"""What is registered for teams by being imported here."""
