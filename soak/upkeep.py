"""Faults of disks, and what an operator does while people shop: the half of the nemesis that breaks nothing by force."""

from __future__ import annotations

import random
import time
from pathlib import Path

from soak.parts import Part
from soak.storms import upload
from soak.system import System


class Upkeep:
    """What every fault shares, and these kinds."""

    def __init__(self, system: System, seed: int) -> None:
        self.system, self.seconds = system, 4.0
        self.random = random.Random(f"nemesis/{seed}")
        self.found: list[str] = []
        self.notes: dict[str, str] = {}
        self.archive: tuple[Path, float, float] | None = None
        """The last backup made under load, and the clock (monotonic seconds) before and after it."""

    def _sleep(self) -> None:
        time.sleep(self.seconds)

    def _a_web(self) -> Part:
        return self.random.choice(self.system.webs)

    def media_gone(self) -> None:
        """A file where the folder was: whoever runs this may be root, whom permissions do not stop."""
        media = self.system.data / "media"
        away = self.system.data / "media-away"
        media.mkdir(exist_ok=True)
        media.rename(away)
        media.write_text("not a folder")
        try:
            status = upload(self.system)
            if status != 503:
                self.found.append(f"media_gone: an upload was answered {status}")
            self._sleep()
        finally:
            media.unlink()
            away.rename(media)
        status = upload(self.system)
        if status != 200:
            self.found.append(f"media_gone: after healing an upload was answered {status}")

    def log_full(self) -> None:
        part = self._a_web()
        kept = part.log
        part.stop()
        part.log = Path("/dev/full")
        part.start()
        self.system.wait_ready(60)
        self._sleep()
        part.held = True
        part.log = kept
        part.stop()
        part.start()
        self.system.wait_ready(60)

    def migrate_again(self) -> None:
        self._upkeep("migrate")

    def backup_under_load(self) -> None:
        file = self.system.folder / "backup"
        file.unlink(missing_ok=True)
        began = time.monotonic()
        self._upkeep("backup", str(file))
        self.archive = (file, began, time.monotonic()) if file.exists() else None

    def check_under_load(self) -> None:
        self._upkeep("check", "--json")

    def _upkeep(self, *words: str) -> None:
        done = self.system.command(*words)
        if done.returncode:
            self.found.append(
                f"{' '.join(words)} ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-500:]}"
            )
