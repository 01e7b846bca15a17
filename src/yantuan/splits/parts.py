"""What profit sharing gives payments: shares come back before a refund goes, and payments carry their terms."""

from __future__ import annotations

from yantuan.payments.split_hooks import provide_hold
from yantuan.splits import reconcile as reconcile
from yantuan.splits import terms as terms
from yantuan.splits.returning import before_refund

provide_hold(before_refund)
