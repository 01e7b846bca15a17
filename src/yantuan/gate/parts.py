"""Where the desk with a line learns of passes."""

from __future__ import annotations

from yantuan.fulfilment.passes import Passes, provide_passes
from yantuan.gate import passing

provide_passes(Passes(passing.orders_of, passing.fetched, passing.returned))
