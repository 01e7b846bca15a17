"""Reading a multipart upload strictly: exactly the parts WeChat Pay asks for, with their own headers."""

import hashlib
import json
import re
from dataclasses import dataclass

from yantuan.simulator.errors import bad_parameter

MAX_BYTES = 2 * 1024 * 1024
_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?\s*$')
_NAME = re.compile(r'(?:^|;)\s*name="([^"]*)"')
_FILENAME = re.compile(r'(?:^|;)\s*filename="([^"]*)"')
_KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp"}


@dataclass(frozen=True, slots=True)
class Upload:
    """`meta` is the signed part as it came; `content` is the file."""

    meta: bytes
    filename: str
    sha256: str
    content: bytes


def read_upload(content_type: str, body: bytes) -> Upload:
    """Take a form of `meta` and `file` apart. Raises PayError PARAM_ERROR."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise bad_parameter("/Content-Type", "缺少 boundary", content_type, "header")
    parts = _parts(body, b"--" + found.group(1).encode())
    if set(parts) != {"meta", "file"}:
        raise bad_parameter("", "表单必须恰好包含 meta 和 file")
    (meta_head, meta), (file_head, content) = parts["meta"], parts["file"]
    if meta_head.get("content-type", "").split(";")[0] != "application/json":
        raise bad_parameter("/meta", "Content-Type 必须是 application/json")
    named = _FILENAME.search(file_head.get("content-disposition", ""))
    return _checked(meta, named.group(1) if named else "", file_head.get("content-type", ""), content)


def _checked(meta: bytes, sent_name: str, kind: str, content: bytes) -> Upload:
    try:
        told = json.loads(meta)
    except ValueError:
        told = None
    if not isinstance(told, dict) or not all(isinstance(told.get(k), str) for k in ("filename", "sha256")):
        raise bad_parameter("/meta", "必须是含 filename 和 sha256 的 JSON")
    name = told["filename"]
    suffix = "." + name.rsplit(".", 1)[-1].lower()
    if suffix not in _KINDS or kind != _KINDS[suffix]:
        raise bad_parameter("/meta/filename", "只支持 JPG、PNG、BMP，且与 Content-Type 一致", name)
    if sent_name != name:
        raise bad_parameter("/file", "文件名与 meta 不一致", sent_name)
    if not 0 < len(content) <= MAX_BYTES:
        raise bad_parameter("/file", "图片大小不能超过 2M")
    if hashlib.sha256(content).hexdigest() != told["sha256"].lower():
        raise bad_parameter("/meta/sha256", "与文件内容不一致", told["sha256"])
    return Upload(meta, name, told["sha256"].lower(), content)


def _parts(body: bytes, mark: bytes) -> dict[str, tuple[dict[str, str], bytes]]:
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 3 or pieces[0] or pieces[-1].rstrip(b"\r\n") != b"--":
        raise bad_parameter("", "不是完整的 multipart 表单")
    found: dict[str, tuple[dict[str, str], bytes]] = {}
    for piece in pieces[1:-1]:
        head, parted, content = piece.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").strip().split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        name = _NAME.search(headers.get("content-disposition", ""))
        if not parted or name is None or name.group(1) in found:
            raise bad_parameter("", "表单的某一部分不完整")
        found[name.group(1)] = (headers, content)
    return found
