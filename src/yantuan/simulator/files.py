"""Writing secret files: readable by the owner only, and never half written."""

import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600


def write_secret(path: Path, content: bytes) -> None:
    """Write `content` to `path` with mode 0600, replacing an older file in one step."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
