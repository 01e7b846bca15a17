"""What every import of a sheet has in common: a batch under its lock, the worker's turns, the same file again, what is cleared away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from django.db import models

from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.kernel.models import Row
from yantuan.kernel.sheets.keeping import Keep
from yantuan.kernel.states import Machine

KEEP_PREVIEW: Final = timedelta(days=7)
SILENT: Final = timedelta(minutes=5)
"""After this long without a word from its worker a sheet is taken up again."""


class SheetBatch(Row):
    """One uploaded sheet; what stands in it hangs on the batch as `rows`. A kind adds its `state`, in which `preview` waits for the leader."""

    state: models.CharField[str, str]
    store_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    """Who sent the sheet."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the file and of what was chosen for it."""
    title = models.CharField(max_length=100, default="", blank=True)
    """The file's own name, to be shown."""
    size = models.PositiveBigIntegerField()
    sheet = models.CharField(max_length=60, default="", blank=True)
    headings = models.JSONField(default=dict)
    """The heading found for each role."""
    rows_total = models.PositiveIntegerField(default=0)
    file_key = models.CharField(max_length=43, default="", blank=True)
    """Where the file lies while it is needed; then it is deleted."""
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """Last word from the worker, or from the leader."""
    confirmed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


B = TypeVar("B", bound=SheetBatch)


class Batches(Generic[B]):
    """The verbs of one kind of batch. `topics`: what to tell the worker in each state in which it has something to do."""

    def __init__(self, kind: type[B], machine: Machine, keep: Keep, topics: Mapping[str, str]) -> None:
        self._kind, self._machine, self._keep, self._topics = kind, machine, keep, topics
        self._rows: models.Manager[B] = kind._default_manager

    def again(self, store_id: int, digest: str, *, fresh: bool) -> B | None:
        """The earlier batch of the very same file. With `fresh` there is none: a preview not yet confirmed is dropped.

        Raises Conflict `import_working`.
        """
        ended = ("refused", "discarded", "undone")
        rows = self._rows.filter(store_id=store_id, digest=digest).exclude(state__in=ended)
        earlier = rows.order_by("-id").first()
        if earlier is None or not fresh:
            return earlier
        if earlier.state in self._topics:
            raise Conflict(
                "import_working",
                "这份表格正在处理，请稍候",
                "This very sheet is being worked on; wait for it.",
            )
        if earlier.state == "preview":
            self.discard(earlier)
        return None

    def lock(self, import_id: int) -> B:
        """The batch, locked until the open transaction ends."""
        return self._rows.select_for_update().get(id=import_id)

    def move(self, batch: B, event: str, **fields: Any) -> B:
        """Take a locked batch along its table. Raises Conflict `illegal_transition`."""
        state = self._machine.next(batch.state, event)
        for name, value in {"state": state, "seen_at": now(), **fields}.items():
            setattr(batch, name, value)
        batch.save(update_fields=["state", "seen_at", *fields])
        return batch

    def enqueue(self, batch: B) -> None:
        """Let the worker go on with a batch; in the caller's transaction."""
        outbox.emit(self._topics[batch.state], {"import_id": str(batch.id)}, store_id=batch.store_id)

    def discard(self, batch: B) -> B:
        """Drop a preview; nothing was booked by it. Again: no change. Raises Conflict `illegal_transition`."""
        done = retrying(lambda: self._discard(batch.id))
        self._keep.drop(batch.file_key)
        return done

    def _discard(self, import_id: int) -> B:
        batch = self.lock(import_id)
        if batch.state == "discarded":
            return batch
        self.move(batch, "discard", file_key="")
        # Every kind of batch has rows; the kernel knows none of the kinds.
        batch.rows.all().delete()  # type: ignore[attr-defined]
        return batch

    def tidy(self) -> int:
        """Drop previews nobody confirmed, take up what its worker left, delete files nobody needs; answers how many batches moved."""
        moment, moved = now(), 0
        for batch in self._rows.filter(state="preview", seen_at__lt=moment - KEEP_PREVIEW)[:50]:
            moved += retrying(lambda batch=batch: self._discard_old(batch.id, moment))  # type: ignore[misc]
        for batch in self._rows.filter(state__in=list(self._topics), seen_at__lt=moment - SILENT)[:50]:
            moved += retrying(lambda batch=batch: self._take_up(batch.id, moment))  # type: ignore[misc]
        needed = self._rows.filter(state__in=["preview", *self._topics]).exclude(file_key="")
        # A file is written before its row.
        self._keep.sweep(set(needed.values_list("file_key", flat=True)), older=moment - SILENT)
        return moved

    def _discard_old(self, import_id: int, moment: datetime) -> bool:
        batch = self.lock(import_id)
        if batch.state != "preview" or batch.seen_at >= moment - KEEP_PREVIEW:
            return False
        self._discard(import_id)
        return True

    def _take_up(self, import_id: int, moment: datetime) -> bool:
        batch = self.lock(import_id)
        if batch.state not in self._topics or batch.seen_at >= moment - SILENT:
            return False
        batch.seen_at = moment
        batch.save(update_fields=["seen_at"])
        self.enqueue(batch)
        return True
