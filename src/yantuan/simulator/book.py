"""The simulator's own book of money: what really moved, told independently of the product."""

from typing import Any

from yantuan.simulator import due, pots
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.world import World


def summary(world: World, out_trade_no: str | None = None) -> dict[str, Any]:
    """Fen paid, refunded and on the way back per order, balances per account, and totals.

    `shared` is what went to receivers less what came back; `frozen` is what may still be shared or set free.
    """
    due.settle(world)
    orders = {
        row["out_trade_no"]: {
            "state": row["state"],
            "total": row["total"],
            "paid": row["total"] if row["paid_at"] is not None else 0,
            "refunded": row["refunded"],
            "refunding": row["refunding"],
            "shared": row["shared"],
            "frozen": pots.frozen(world, row) if row["sharing"] else 0,
            "mchid": row["mchid"],
            "sub_mchid": row["sub_mchid"],
            "transaction_id": row["transaction_id"],
            "payer": row["payer"],
            "description": row["description"],
        }
        for row in world.db.rows(_ORDERS, out_trade_no)
    }
    paid = sum(order["paid"] for order in orders.values())
    refunded = sum(order["refunded"] for order in orders.values())
    refunding = sum(order["refunding"] for order in orders.values())
    return {
        "orders": orders,
        "totals": {
            "paid": paid,
            "refunded": refunded,
            "refunding": refunding,
            "kept": paid - refunded,
            "shared": sum(order["shared"] for order in orders.values()),
            "orders": len(orders),
            "paid_orders": sum(1 for order in orders.values() if order["paid"]),
        },
        "accounts": accounts(world),
    }


_ORDERS = """
SELECT orders.*,
  coalesce((SELECT sum(amount) FROM movements WHERE kind = 'refund'
            AND out_trade_no = orders.out_trade_no), 0) AS refunded,
  coalesce((SELECT sum(amount) FROM refunds WHERE status = 'PROCESSING'
            AND out_trade_no = orders.out_trade_no), 0) AS refunding,
  coalesce((SELECT sum(CASE kind WHEN 'share' THEN amount WHEN 'return' THEN -amount ELSE 0 END)
            FROM share_movements WHERE out_trade_no = orders.out_trade_no), 0) AS shared
FROM orders WHERE ?1 IS NULL OR out_trade_no = ?1 ORDER BY created_at DESC
"""


def accounts(world: World) -> dict[str, int]:
    """Balance of every account in fen; buyers start at 0 and go below by what they paid."""
    rows = world.db.rows(
        "SELECT account, sum(amount) AS balance FROM ("
        " SELECT to_account AS account, amount FROM movements"
        " UNION ALL SELECT from_account, -amount FROM movements"
        " UNION ALL SELECT to_account, amount FROM share_movements"
        " UNION ALL SELECT from_account, -amount FROM share_movements) GROUP BY account ORDER BY account"
    )
    return {row["account"]: row["balance"] for row in rows}


def movements(world: World, limit: int = 100) -> list[dict[str, Any]]:
    """Newest first: payments and refunds, shares, returns and unfreezing."""
    rows = world.db.rows(
        "SELECT at, kind, out_trade_no, out_refund_no, from_account, to_account, amount FROM ("
        " SELECT id, at, kind, out_trade_no, out_refund_no, from_account, to_account, amount FROM movements"
        " UNION ALL SELECT id, at, kind, out_trade_no, number, from_account, to_account, amount FROM share_movements)"
        " ORDER BY at DESC, id DESC LIMIT ?",
        limit,
    )
    return [{**dict(row), "at": rfc3339(row["at"])} for row in rows]
