"""The gate: what everybody sees already or has passed goes through, anything else is kept and sent to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.said import Piece, Problem, Review, ReviewState, Said
from yantuan.media.models import Media
from yantuan.moderation import gateway
from yantuan.moderation.models import Part, Submission, Verdict
from yantuan.moderation.rules import (
    KEPT,
    STILL_ASKING,
    digest_of,
    label_text,
    label_text_en,
    outcome,
    portions,
)

State = Verdict.State
OPEN = (Submission.State.WAITING, Submission.State.DOUBTFUL)
UNDONE: dict[str, ReviewState] = {"waiting": "waiting", "doubtful": "doubtful", "rejected": "rejected"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A piece under its hash."""

    place: str
    place_en: str
    digest: str
    text: str
    media_id: int | None


def judged_pieces(pieces: Sequence[Piece]) -> list[Judged]:
    """Each different piece once, long texts in portions. Lost pictures are left out: nobody sees them."""
    ids = [p.media_id for p in pieces if p.media_id is not None]
    hashes = dict(Media.objects.filter(id__in=ids).values_list("id", "sha256")) if ids else {}
    found: dict[str, Judged] = {}
    for piece in pieces:
        if piece.media_id is not None:
            digest = hashes.get(piece.media_id, "")
            if digest:
                found.setdefault(digest, Judged(piece.place, piece.place_en, digest, "", piece.media_id))
            continue
        for text in portions(piece.text):
            digest = digest_of(text)
            found.setdefault(digest, Judged(piece.place, piece.place_en, digest, text, None))
    return list(found.values())


class ContentGate:
    """`kernel.said.Gate`, on the platform's judgement."""

    def active(self) -> bool:
        return gateway.active()

    def may_show(self, said: Said) -> bool:
        """As `kernel.said.may_show`. A wish that may be carried out replaces an older one that waits."""
        if not gateway.active():
            return True
        shown = {one.digest for one in judged_pieces(said.shown)}
        pieces = [one for one in judged_pieces(said.pieces) if one.digest not in shown]
        verdicts = _verdicts(pieces)
        if all(one.digest in verdicts and verdicts[one.digest].state == State.PASSED for one in pieces):
            _close(said.kind, said.subject_id, Submission.State.PASSED)
            return True
        _ask(_keep(said, pieces), pieces, verdicts, said.person_id)
        return False

    def forget(self, kind: str, subject_id: int) -> None:
        if gateway.active():
            _close(kind, subject_id, Submission.State.WITHDRAWN)

    def reviews(self, kind: str, ids: Sequence[int]) -> dict[int, Review]:
        rows = Submission.objects.filter(kind=kind, subject_id__in=ids, state__in=list(UNDONE), live=False)
        return {row.subject_id: review_of(row) for row in rows}


def review_of(row: Submission) -> Review:
    """How a submission is told to its author."""
    problems: tuple[Problem, ...] = ()
    if row.state == Submission.State.REJECTED:
        problems = tuple(
            Problem(
                part.place,
                part.place_en or part.place,
                label_text(verdict.label),
                label_text_en(verdict.label),
            )
            for part, verdict in parts_of(row)
            if verdict is not None and verdict.state == State.RISKY
        )
    return Review(
        state=UNDONE[row.state],
        change=row.wish is not None,
        since=row.submitted_at,
        problems=problems,
        reason=row.reason,
        reason_en=row.reason_en,
        wish=row.wish,
    )


def parts_of(row: Submission) -> list[tuple[Part, Verdict | None]]:
    """The submission's pieces with what is known of each."""
    parts = list(row.parts.order_by("id"))
    verdicts = {v.digest: v for v in Verdict.objects.filter(digest__in=[p.digest for p in parts])}
    return [(part, verdicts.get(part.digest)) for part in parts]


def _verdicts(pieces: Sequence[Judged]) -> dict[str, Verdict]:
    rows = Verdict.objects.filter(digest__in=[one.digest for one in pieces])
    fresh = now() - KEPT
    return {v.digest: v for v in rows if v.decided_at is None or v.decided_at > fresh}


def _close(kind: str, subject_id: int, state: str) -> None:
    rows = Submission.objects.filter(kind=kind, subject_id=subject_id, state__in=list(UNDONE), live=False)
    rows.update(state=state, decided_at=now(), revision=F("revision") + 1)


def _keep(said: Said, pieces: Sequence[Judged]) -> Submission:
    values = {
        "store_id": said.store_id,
        "person_id": said.person_id,
        "title": said.title[:80],
        "wish": said.wish,
        "state": Submission.State.WAITING,
        "live": False,
        "reason": "",
        "reason_en": "",
        "submitted_at": now(),
        "decided_at": None,
    }
    row = Submission.objects.select_for_update().filter(kind=said.kind, subject_id=said.subject_id).first()
    if row is None:
        row = Submission(kind=said.kind, subject_id=said.subject_id, **values)
        row.save(force_insert=True)
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.revision += 1
        row.save()
    row.parts.all().delete()
    Part.objects.bulk_create(
        Part(submission=row, digest=one.digest, place=one.place[:40], place_en=one.place_en[:80])
        for one in pieces
    )
    return row


def _ask(row: Submission, pieces: Sequence[Judged], known: dict[str, Verdict], author_id: int) -> None:
    """Have judged what is unknown, or was doubted for a reason that may be gone."""
    moment = now()
    for one in pieces:
        verdict = known.get(one.digest)
        if verdict is not None and not _again(verdict):
            continue
        Verdict.objects.update_or_create(
            digest=one.digest,
            defaults={
                "text": one.text, "media_id": one.media_id, "state": State.NEW, "cause": "", "label": 0,
                "author_id": author_id, "trace_id": None, "token": None, "created_at": moment, "asked_at": None,
                "decided_at": None, "operator_id": None,
            },
        )  # fmt: skip
    verdicts = Verdict.objects.filter(digest__in=[one.digest for one in pieces])
    states = {v.digest: v.state for v in verdicts}
    for verdict in verdicts:
        if verdict.state == State.NEW:
            payload = {"verdict_id": verdict.id}
            outbox.emit("moderation.check", payload, key=f"check:{verdict.id}:{row.id}:{row.revision}")
    decided = outcome(states.values())
    if decided != row.state:
        row.state = decided
        row.decided_at = moment if decided == "rejected" else None
        row.save(update_fields=["state", "decided_at"])


def _again(verdict: Verdict) -> bool:
    doubted = verdict.state == State.DOUBTFUL and verdict.cause not in ("review", *STILL_ASKING)
    return doubted and verdict.operator_id is None
