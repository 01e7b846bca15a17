"""Reads of pictures."""

from __future__ import annotations

from collections.abc import Iterable

from yantuan.media import files
from yantuan.media.models import Media
from yantuan.media.schemas import MediaOut


def public_url(key: str, *, thumb: bool = False) -> str:
    """Path of a public picture."""
    return f"/media/{key}{'_t' if thumb else ''}.webp"


def media_out(media: Media) -> MediaOut:
    """Addresses of one picture; a private one's need the viewer's session."""
    if media.private:
        url, thumb = f"/api/media/{media.id}/private", f"/api/media/{media.id}/private?thumb=true"
    else:
        url, thumb = public_url(media.key), public_url(media.key, thumb=True)
    return MediaOut(id=str(media.id), url=url, thumb_url=thumb, width=media.width, height=media.height)


def media_map(ids: Iterable[int | None]) -> dict[int, MediaOut]:
    """Pictures by id in one query; unknown ids (and None) and removed ones are simply missing."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return {row.id: media_out(row) for row in Media.objects.filter(id__in=wanted, removed_at=None)}


def read_bytes(media: Media, *, thumb: bool = False) -> bytes:
    """The stored WebP. Raises FileNotFoundError if the file was lost."""
    return files.path_of(media.key, thumb=thumb).read_bytes()


def public_media(key: str) -> Media | None:
    """The public picture of this key, or None."""
    return Media.objects.filter(key=key, private=False, removed_at=None).first()
