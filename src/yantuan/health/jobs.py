"""Looking after the instance itself: the daily backup, the files beside the copy, and the alarms."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from yantuan.health import alarms, backups
from yantuan.health.copies import copy_files, drop_files, is_folder
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.schedule import every
from yantuan.media.files import path_of
from yantuan.media.models import Media

logger = logging.getLogger(__name__)
BACKUP_LIMIT_SECONDS = 6 * 3600


@every(30)
def copy_new_files() -> int:
    """Bring new pictures beside the copied database. Nothing to do without a copy, or with one in a bucket."""
    cfg = config()
    if not cfg.copy_to or cfg.database_url or not is_folder(cfg.copy_to):
        return 0
    return copy_files(Path(cfg.copy_to), data_folder())


@every(3600)
def forget_removed_files() -> int:
    """Pictures that were destroyed here lie no longer in the copy either."""
    cfg = config()
    if not cfg.copy_to or cfg.database_url or not is_folder(cfg.copy_to):
        return 0
    keys = Media.objects.filter(removed_at__isnull=False).values_list("key", flat=True)
    gone = (path_of(key, thumb=thumb) for key in keys.iterator() for thumb in (False, True))
    return drop_files(Path(cfg.copy_to), data_folder(), gone)


def backup_due(last: datetime | None, moment: datetime, hour: int) -> bool:
    """Whether the last backup is older than the newest time of day it should have been made at."""
    local = moment.astimezone(CHINA)
    wanted = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if wanted > local:
        wanted -= timedelta(days=1)
    return last is None or last < wanted


@every(600)
def back_up_daily() -> bool:
    """Make, verify and prune in a process of its own, so that the worker stays small. True when one was made."""
    cfg = config()
    if not cfg.backup_dir:
        return False
    told = backups.last().get("last")
    last = datetime.fromisoformat(told["at"]) if told else None
    if not backup_due(last, now(), cfg.backup_hour):
        return False
    command = [sys.executable, "-m", "yantuan", "backup", "--to", cfg.backup_dir, "--verify", "--prune"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BACKUP_LIMIT_SECONDS)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-300:]
        logger.error("the daily backup failed: %s", words)
        if done.returncode == 2:
            # Remembered, so that the next try is tomorrow's (or a person's) and the alarm has something to say.
            backups.remember(
                {"file": "", "at": now().isoformat(), "bytes": 0, "verified": "", "problem": words}
            )
    return done.returncode == 0


@every(15)
def raise_alarms() -> int:
    """Look at every queue and sign; answers how many alarms are open."""
    return len(alarms.evaluate())
