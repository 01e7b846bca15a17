"""What happens by itself as time passes: refunds and shares are decided, unpaid orders lapse."""

from yantuan.simulator import refunds, sharing, transactions
from yantuan.simulator.world import World


def settle(world: World) -> None:
    """Do everything whose time has come."""
    refunds.finish_due(world)
    sharing.finish_due(world)
    transactions.lapse(world)
