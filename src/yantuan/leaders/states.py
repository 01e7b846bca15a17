"""How far a leader's certification is, as data."""

from __future__ import annotations

from yantuan.kernel.states import Machine

CERTIFICATION = Machine(
    "certification",
    edges={
        "none": {"send": "pending"},
        "pending": {"approve": "approved", "reject": "rejected"},
        "rejected": {"send": "pending"},
    },
    labels={"none": "未认证", "pending": "审核中", "approved": "已通过", "rejected": "已驳回"},
)
