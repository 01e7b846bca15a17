"""What happens by itself as time passes: refunds, shares and returns are decided, unpaid orders lapse."""

from yantuan.simulator import refunds, sharing, sharing_returns, transactions
from yantuan.simulator.world import World


def settle(world: World) -> None:
    """Do everything whose time has come."""
    refunds.finish_due(world)
    sharing.finish_due(world)
    sharing_returns.finish_due(world)
    transactions.lapse(world)
