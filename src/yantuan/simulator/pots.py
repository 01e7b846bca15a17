"""The frozen money of orders to be shared: how much is left, who may take it, and where refunds come from."""

from decimal import ROUND_HALF_UP, Decimal

from yantuan.simulator.database import Row
from yantuan.simulator.merchants import account_of
from yantuan.simulator.world import World

FEE_RATE = Decimal("0.006")


def fee_fen(fen: int) -> int:
    """The platform's fee on an amount, in whole fen."""
    return int((Decimal(fen) * FEE_RATE).quantize(Decimal(1), ROUND_HALF_UP))


def frozen(world: World, order: Row) -> int:
    """Fen of this order that are still frozen."""
    account, number = f"frozen:{account_of(order).taker}", order["out_trade_no"]
    return world.db.number(
        "SELECT sum(CASE WHEN to_account = ?2 THEN amount WHEN from_account = ?2 THEN -amount ELSE 0 END) FROM ("
        " SELECT to_account, from_account, amount FROM movements WHERE out_trade_no = ?1"
        " UNION ALL SELECT to_account, from_account, amount FROM share_movements WHERE out_trade_no = ?1)",
        number,
        account,
    )


def promised(world: World, order: Row) -> int:
    """Fen that accepted shares will take."""
    return world.db.number(
        "SELECT sum(amount) FROM share_lines JOIN share_orders USING (order_id)"
        " WHERE out_trade_no = ? AND result = 'PENDING'",
        order["out_trade_no"],
    )


def unsplit(world: World, order: Row) -> int:
    """Fen that could still be shared: what is frozen, less the fee and what pending shares and refunds will take."""
    if order["sharing_over"]:
        return 0
    going = world.db.number(
        "SELECT sum(amount) FROM refunds WHERE out_trade_no = ? AND status IN ('PROCESSING', 'ABNORMAL')",
        order["out_trade_no"],
    )
    return max(0, frozen(world, order) - fee_fen(order["total"]) - promised(world, order) - going)


def available(world: World, taker: str) -> int:
    """Fen a merchant may dispose of."""
    account = f"merchant:{taker}"
    return world.db.number(
        "SELECT sum(CASE WHEN to_account = ?1 THEN amount ELSE -amount END) FROM ("
        " SELECT to_account, from_account, amount FROM movements"
        " UNION ALL SELECT to_account, from_account, amount FROM share_movements)"
        " WHERE ?1 IN (to_account, from_account)",
        account,
    )


def refundable(world: World, order: Row) -> int:
    """Fen a refund of this order may take: what of it is frozen and not promised, and the merchant's own money."""
    going = world.db.number(
        "SELECT sum(amount) FROM refunds WHERE out_trade_no = ? AND status = 'PROCESSING'",
        order["out_trade_no"],
    )
    return frozen(world, order) - promised(world, order) - going + available(world, account_of(order).taker)


def pay_refund_from(world: World, order: Row, fen: int) -> str:
    """The account a refund is paid from.

    One that is larger than what is frozen sets that free first, so that it comes out of one account.
    """
    taker = account_of(order).taker
    if not order["sharing"]:
        return f"merchant:{taker}"
    left = frozen(world, order) - promised(world, order)
    if left >= fen:
        return f"frozen:{taker}"
    if left > 0:
        set_free(world, order, left, f"refund/{order['out_trade_no']}/{world.db.next_number('set_free')}")
    return f"merchant:{taker}"


def set_free(world: World, order: Row, fen: int, number: str) -> None:
    """Move frozen money to its merchant's own; `number` names the cause and is used once."""
    taker = account_of(order).taker
    world.db.insert(
        "share_movements",
        at=world.clock.now(),
        kind="unfreeze",
        out_trade_no=order["out_trade_no"],
        number=number,
        from_account=f"frozen:{taker}",
        to_account=f"merchant:{taker}",
        amount=fen,
    )
