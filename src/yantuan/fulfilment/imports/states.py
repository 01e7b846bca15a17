"""The life of one imported sheet, as data."""

from __future__ import annotations

from typing import Final

from yantuan.kernel.states import Machine

IMPORT = Machine(
    "ship_import",
    {
        "reading": {"read": "preview", "refuse": "refused"},
        "preview": {"confirm": "booking", "discard": "discarded"},
        "booking": {"finish": "booked"},
        "booked": {"undo": "undoing"},
        "undoing": {"undone": "undone"},
        "refused": {},
        "discarded": {},
        "undone": {},
    },
    {
        "reading": "正在读取",
        "preview": "待确认",
        "booking": "正在发货",
        "booked": "已发货",
        "undoing": "正在撤回",
        "refused": "没有读取",
        "discarded": "已放弃",
        "undone": "已撤回",
    },
)
ROLES: Final = {
    "read": "system",
    "refuse": "system",
    "confirm": "leader",
    "discard": "leader/system",
    "finish": "system",
    "undo": "leader",
    "undone": "system",
}
MEANINGS: Final = {
    "read": "读完并逐行核对 read and judged row by row",
    "refuse": "文件不能用 the file can't be used",
    "confirm": "确认发货 book the rows that are right",
    "discard": "放弃，或七天没有确认 dropped, or not confirmed for a week",
    "finish": "全部处理完 every row is done",
    "undo": "整批撤回 take the whole batch back",
    "undone": "撤回完 everything that could be is taken back",
}
WORKING: Final = frozenset({"reading", "booking", "undoing"})
"""The worker has something to do."""
OPEN: Final = ("reading", "preview", "booking")
"""The same file sent again answers this batch."""
