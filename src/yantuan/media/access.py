"""Who may use and who may see a picture. Upper floors name further viewers of private ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from yantuan.identity.models import Person
from yantuan.kernel.errors import Invalid, NotFound
from yantuan.media.models import Media

Viewer = Callable[[Person, Media], bool]
_viewers: dict[str, list[Viewer]] = {}


def grant(purpose: str) -> Callable[[Viewer], Viewer]:
    """Register who else may see private pictures of `purpose`: `fn(person, media) -> bool`; any yes is enough."""

    def register(viewer: Viewer) -> Viewer:
        if viewer not in _viewers.setdefault(purpose, []):
            _viewers[purpose].append(viewer)
        return viewer

    return register


def own_media(person_id: int, ids: Iterable[int], purposes: Collection[str]) -> list[Media]:
    """The person's pictures in the order asked for. Raises Invalid `media_unknown` if any is not theirs or made for something else."""
    wanted = list(ids)
    rows = {m.id: m for m in Media.objects.filter(id__in=wanted, removed_at=None)}
    found = [rows[i] for i in wanted if i in rows]
    fitting = [m for m in found if m.owner_id == person_id and m.purpose in purposes]
    if len(fitting) != len(wanted):
        raise _unknown()
    return fitting


def _unknown() -> Invalid:
    return Invalid(
        "media_unknown", "图片不存在或不能用在这里，请重新上传", "Unknown picture, or not for this use."
    )


def hold_media(ids: Iterable[int]) -> None:
    """Inside a transaction: keep these pictures from being destroyed until the row that names them is committed.

    Raises Invalid `media_unknown` when one has just gone.
    """
    wanted = set(ids)
    held = Media.objects.select_for_update().filter(id__in=wanted, removed_at=None).order_by("id")
    if len(held) != len(wanted):
        raise _unknown()


def access_media(person: Person, media_id: int) -> Media:
    """A picture the person may see: public ones, their own, and what a grant allows. Raises NotFound."""
    media = Media.objects.filter(id=media_id, removed_at=None).first()
    if media is None:
        raise NotFound()
    if not media.private or media.owner_id == person.id:
        return media
    if any(viewer(person, media) for viewer in _viewers.get(media.purpose, ())):
        return media
    raise NotFound()
