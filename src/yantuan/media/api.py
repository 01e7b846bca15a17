"""HTTP of pictures: upload and private files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from yantuan.identity.auth import person_of, signed_in
from yantuan.kernel.errors import NotFound
from yantuan.kernel.http import IdIn
from yantuan.media.access import access_media
from yantuan.media.actions import upload
from yantuan.media.pictures import MAX_BYTES, PictureTooLarge
from yantuan.media.queries import media_out, read_bytes
from yantuan.media.schemas import MediaOut
from yantuan.media.views import picture_response

router = Router(tags=["media"])


@router.post("/media", response=MediaOut, auth=signed_in, summary="上传图片")
def upload_picture(request: HttpRequest, file: File[UploadedFile], purpose: Form[str]) -> MediaOut:
    """JPEG, PNG, WebP or GIF up to 10 MB; kept re-encoded, without metadata."""
    if (file.size or 0) > MAX_BYTES:
        raise PictureTooLarge(MAX_BYTES)
    return media_out(upload(person_of(request).id, purpose, file.read(MAX_BYTES + 1)))


@router.get("/media/{media_id}/private", auth=signed_in, summary="查看私密图片", response={200: None})
def view_private_picture(request: HttpRequest, media_id: IdIn, thumb: bool = False) -> HttpResponse:
    """Only for its owner and for those an upper floor names."""
    media = access_media(person_of(request), media_id)
    try:
        data = read_bytes(media, thumb=thumb)
    except FileNotFoundError:
        raise NotFound() from None
    return picture_response(media, data, cache="private, no-store")
