"""Why a checkout is refused: one stable code and one human sentence each."""

from __future__ import annotations

from datetime import datetime

from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.money import price_text


def group_buy_unknown() -> AppError:
    return AppError("not_found", "没有找到这个团购，可能已被删除或链接不对", "No such group buy.", status=404)


def sale_not_open(starts_at: datetime) -> AppError:
    return Conflict(
        "sale_not_open",
        f"团购还没开始，{china_text(starts_at)} 开团",
        "The sale has not begun.",
        starts_at=starts_at.isoformat(),
    )


def sale_ended() -> AppError:
    return Conflict("sale_ended", "团购已结束，不能再下单了", "The sale has ended.")


def sale_closed() -> AppError:
    return Conflict("sale_closed", "团长已截单，不能再下单了", "The leader has closed the sale.")


def sale_suspended() -> AppError:
    return Conflict("sale_suspended", "这个卖场暂停销售", "The store is not selling now.")


def store_halted() -> AppError:
    return Conflict(
        "store_halted",
        "本店暂停下单：平台正在核对账目和库存，核对后就会恢复",
        "The store is halted while its books are looked into.",
    )


def not_served() -> AppError:
    return Conflict(
        "not_served",
        "这个卖场暂时不能接你的订单，有疑问请联系团长",
        "This store can't take your order now; please ask its leader.",
    )


def duplicate_offer(offer_id: int) -> AppError:
    return Invalid(
        "duplicate_offer",
        "同一个商品出现了两次，请合并数量",
        "The same offer is on two lines.",
        field="lines",
        offer_id=str(offer_id),
    )


def offer_removed(offer_id: int) -> AppError:
    return Conflict(
        "offer_removed",
        "有商品已下架，请返回重新选择",
        "An offer is no longer on sale.",
        offer_id=str(offer_id),
    )


def delivery_unavailable() -> AppError:
    return Conflict(
        "delivery_unavailable", "这个团购不支持所选的配送方式", "This way of delivery is not offered."
    )


def payment_unavailable() -> AppError:
    return Conflict(
        "payment_unavailable", "这个卖场不支持所选的付款方式", "This way of paying is not offered."
    )


def address_needed() -> AppError:
    return Invalid("address_needed", "请选择收货地址", "Choose an address.", field="address_id")


def address_unknown() -> AppError:
    return Invalid(
        "address_unknown", "收货地址不存在，请重新选择", "No such address of yours.", field="address_id"
    )


def pickup_point_unknown() -> AppError:
    return Invalid(
        "pickup_point_unknown",
        "自提点不可用，请重新选择",
        "No such pick-up point here.",
        field="pickup_point_id",
    )


def parcel_gone() -> AppError:
    return Conflict(
        "parcel_gone",
        "之前的订单已发出或已取消，不能再加进去；请选择收货信息，按新订单下单",
        "The earlier order has left or was closed; order to an address instead.",
    )


def contact_needed() -> AppError:
    return Invalid(
        "contact_needed", "请填写提货人姓名和手机号", "Name and phone are needed.", field="contact"
    )


def answer_missing(label: str, question_id: str) -> AppError:
    return Invalid(
        "answer_missing",
        f"请填写「{label}」",
        "A required question is not answered.",
        field="answers",
        question_id=question_id,
    )


def answer_unfit(label: str, question_id: str) -> AppError:
    return Invalid(
        "answer_unfit",
        f"「{label}」请从选项中选择",
        "The answer is not one of the choices.",
        field="answers",
        question_id=question_id,
    )


def picture_unfit(label: str, question_id: str) -> AppError:
    return Invalid(
        "picture_unfit",
        f"「{label}」的图片不能用了，请重新上传",
        "The picture is gone or not yours; upload it again.",
        field="answers",
        question_id=question_id,
    )


def too_many_unpaid(most: int) -> AppError:
    return Conflict(
        "too_many_unpaid",
        f"这个团购里还有 {most} 个订单没付款，请先付款或取消",
        "Pay or cancel your unpaid orders first.",
        most=most,
    )


def limit_reached(offer_id: int, title: str, limit: int, left: int) -> AppError:
    more = f"还能买 {left} 件" if left else "已达到上限"
    return Conflict(
        "limit_reached",
        f"「{title}」每人限购 {limit} 件，{more}",
        "The limit per person is reached.",
        offer_id=str(offer_id),
        limit=limit,
        left=left,
    )


def sold_out(offer_id: int, title: str, left: int) -> AppError:
    text = f"「{title}」只剩 {left} 件了" if left else f"「{title}」已售罄"
    return Conflict("sold_out", text, "Not enough stock is left.", offer_id=str(offer_id), left=left)


def parcel_unmeasured() -> AppError:
    return Conflict(
        "parcel_unmeasured",
        "之前的订单没有按距离算过运费，不能合在一起，请单独下单",
        "The earlier order was not charged by distance; order this on its own.",
    )


def price_changed(total_fen: int, goods_fen: int, freight_fen: int) -> AppError:
    return Conflict(
        "price_changed",
        f"价格有变化，现在合计 {price_text(total_fen)}，请确认后再提交",
        "The price has changed, confirm again.",
        total_fen=total_fen,
        goods_fen=goods_fen,
        freight_fen=freight_fen,
    )


def amount_too_large() -> AppError:
    return Invalid("amount_too_large", "金额太大了，请分开下单", "The amount is too large.", field="lines")


def idempotency_key_reused() -> AppError:
    return Conflict(
        "idempotency_key_reused",
        "这次提交和上次内容不同，请刷新后重试",
        "The key was used with another body.",
    )


def not_booked() -> AppError:
    return AppError(
        "order_not_booked",
        "这个订单没有提交成功，请稍后再试",
        "The order could not be booked; nothing was changed.",
        status=500,
    )


def outcome_unknown() -> AppError:
    return AppError(
        "outcome_unknown",
        "网络中断，正在确认订单是否提交成功，请再试一次（不会重复下单）",
        "The answer of the database was lost; retry with the same Idempotency-Key.",
        status=503,
        retry_after=1,
    )
