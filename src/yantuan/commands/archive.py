"""The archive of a backup: a stream of files that ends with a manifest of their sizes and SHA-256 sums."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from yantuan.commands.sealed import Damaged, Opener, Sealer, is_sealed

MANIFEST = "manifest.json"
LEVEL = 3
"""Of gzip: pictures don't shrink, and databases shrink almost as well as at higher ones, in a third of the time."""


@dataclass
class Manifest:
    """What an archive holds. `engine` is `sqlite` or `postgresql`; `schema` the applied migration steps; `facts` counts and sums of the copied instant."""

    version: str
    made_at: str
    engine: str
    schema: list[str] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


class Summing:
    """Reads exactly `size` bytes of a file and sums what it gave."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._left = source, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._source.read(wanted)
        if len(data) < wanted:
            raise OSError("a file became shorter while it was read")
        self._left -= len(data)
        self.digest.update(data)
        return data


def write(draft: Path, manifest: Manifest, files: Iterator[tuple[Path, str]], key: bytes | None) -> None:
    """Write the whole archive (0600) and sync it to the disk. A file that goes away meanwhile is left out."""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as sink:
        sealer = Sealer(sink, key) if key else None
        packed = gzip.GzipFile("", "wb", LEVEL, cast(BinaryIO, sealer or sink), mtime=0)
        with packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            for path, name in files:
                _add(archive, path, name, manifest)
            body = json.dumps(asdict(manifest), ensure_ascii=False).encode()
            archive.addfile(_info(MANIFEST, len(body)), io.BytesIO(body))
        if sealer:
            sealer.close()
        sink.flush()
        os.fsync(sink.fileno())


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    return info


def _add(archive: tarfile.TarFile, path: Path, name: str, manifest: Manifest) -> None:
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return
    with source:
        size = os.fstat(source.fileno()).st_size
        summing = Summing(source, size)
        archive.addfile(_info(name, size), cast(BinaryIO, summing))
    manifest.files[name] = summing.digest.hexdigest()


@contextmanager
def _opened(source: Path, key: bytes | None) -> Iterator[tarfile.TarFile]:
    """The archive as a stream. Raises Damaged for everything that is not a whole archive of ours."""
    try:
        with source.open("rb") as file:
            stream: BinaryIO = file
            if is_sealed(source):
                if not key:
                    raise Damaged("it is encrypted: set YANTUAN_BACKUP_KEY_FILE to the file with its key")
                stream = cast(BinaryIO, Opener(file, key))
            packed = gzip.GzipFile(fileobj=stream, mode="rb")
            with tarfile.open(fileobj=packed, mode="r|") as archive:
                yield archive
            # To the very end, where the sum over the whole stream is compared.
            while packed.read(1024 * 1024):
                pass
    except (tarfile.TarError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(str(error) or type(error).__name__) from error
    except OSError as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error


def read(source: Path, key: bytes | None, keep: Callable[[str], Path | None]) -> Manifest:
    """Read all of an archive, compare every sum, and answer its manifest. Raises Damaged.

    `keep(name)` says where a file goes, or None to only check it. What was written is to be thrown away after Damaged.
    """
    sums: dict[str, str] = {}
    manifest: Manifest | None = None
    with _opened(source, key) as archive:
        for member in archive:
            body = archive.extractfile(member)
            if body is None or member.name.startswith("/") or ".." in Path(member.name).parts:
                raise Damaged(f"{member.name} has no place in a backup")
            if member.name == MANIFEST:
                manifest = Manifest(**json.loads(body.read()))
            else:
                sums[member.name] = _take(cast(BinaryIO, body), keep(member.name))
    if manifest is None:
        raise Damaged("it ends before its manifest")
    wrong = sorted(n for n in manifest.files.keys() | sums.keys() if manifest.files.get(n) != sums.get(n))
    if wrong:
        raise Damaged(f"{wrong[0]} does not fit its checksum")
    return manifest


def _take(body: BinaryIO, target: Path | None) -> str:
    digest = hashlib.sha256()
    sink: BinaryIO | None = None
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        sink = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    try:
        while data := body.read(1024 * 1024):
            digest.update(data)
            if sink:
                sink.write(data)
        if sink:
            sink.flush()
            os.fsync(sink.fileno())
    finally:
        if sink:
            sink.close()
    return digest.hexdigest()
