"""The life of one sheet of goods, as data."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.states import Machine

GOODS_IMPORT = Machine(
    "goods_import",
    {
        "preview": {"confirm": "booking", "discard": "discarded"},
        "booking": {"finish": "booked"},
        "booked": {},
        "discarded": {},
    },
    {"preview": "待确认", "booking": "正在导入", "booked": "已导入", "discarded": "已放弃"},
)
ROLES: Final = {"confirm": "leader", "discard": "leader/system", "finish": "system"}
MEANINGS: Final = {
    "confirm": "确认导入 take the chosen rows into the library",
    "discard": "放弃，或七天没有确认 dropped, or not confirmed for a week",
    "finish": "全部处理完 every row is done",
}
OPEN: Final = ("preview", "booking")
"""The same file sent again answers this batch."""
