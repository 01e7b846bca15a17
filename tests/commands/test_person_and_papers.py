"""From the command line: killed while papers are destroyed, and a person's copy and leaving."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from instance import Instance, migrated_instance
from PIL import Image

from yantuan.kernel import faults

_PEOPLE = """
import sys, django; django.setup()
from datetime import timedelta
from pathlib import Path
from yantuan.identity.people import by_phone
from yantuan.kernel.clock import now
from yantuan.media.actions import store_picture
from yantuan.media.models import Media
person = by_phone("13800138000").person
picture = Path(sys.argv[1]).read_bytes()
for _ in range(2):
    store_picture(person.id, "certification", picture)
Media.objects.update(created_at=now() - timedelta(days=40))
print(person.id)
"""
_REMOVE = (
    "import django; django.setup()\nfrom yantuan.media.jobs import remove_papers\nprint(remove_papers())"
)


@pytest.fixture
def shop(durable_server: str, tmp_path: Path) -> Iterator[Instance]:
    with migrated_instance(durable_server, "papers", tmp_path / "shop") as made:
        yield made


@pytest.fixture
def person(shop: Instance, tmp_path: Path) -> str:
    """Somebody with two papers of forty days ago."""
    out = io.BytesIO()
    Image.new("RGB", (64, 40), (9, 90, 90)).save(out, "PNG")
    (tmp_path / "paper.png").write_bytes(out.getvalue())
    return shop.python(_PEOPLE, str(tmp_path / "paper.png")).strip()


def _state(shop: Instance) -> tuple[int, int]:
    """(files of pictures, rows that say theirs are there)."""
    files = len(list((shop.data / "media").rglob("*.webp")))
    return files, int(shop.rows("SELECT COUNT(*) FROM media_media WHERE removed_at IS NULL")[0][0])


def test_killed_between_files_and_row_and_made_good(shop: Instance, person: str) -> None:
    assert _state(shop) == (4, 2)
    armed = Instance(
        shop.data, shop.url, {"YANTUAN_FAULT": "media.files_removed", "YANTUAN_TEST_FAULTS": "1"}
    )
    with pytest.raises(AssertionError, match=r"fault media\.files_removed: kill"):
        armed.python(_REMOVE)
    assert faults.KILLED == 137
    assert _state(shop) == (2, 2), "one is gone from the disk, and no row says so yet"
    assert shop.python(_REMOVE).strip() == "2"
    assert _state(shop) == (0, 0)
    assert shop.python(_REMOVE).strip() == "0"
    assert [v for v in shop.violations() if v["rule"] == "FL1"] == []


def test_a_copy_and_then_the_leaving(shop: Instance, person: str, tmp_path: Path) -> None:
    done = shop.run("person", "export", "13800138000", "--to", str(tmp_path / "copies"))
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "copies" / f"person-{person}" / "data.json").read_text())
    assert (data["person"]["id"], data["person"]["phone"]) == (person, "13800138000")
    assert len(list((tmp_path / "copies" / f"person-{person}" / "pictures").iterdir())) == 2
    again = shop.run("person", "export", person, "--to", str(tmp_path / "copies"))
    assert again.returncode == 2 and "已经存在" in again.stderr
    asked = shop.run("person", "forget", person)
    assert (asked.returncode, "可以注销" in asked.stdout) == (1, True)
    assert shop.rows("SELECT phone_last4 FROM identity_person") == [("8000",)]
    assert shop.run("person", "forget", "13800138000", "--yes", "--reason", "本人来电").returncode == 0
    assert shop.rows("SELECT phone_last4, phone_sealed FROM identity_person") == [("", "")]
    assert shop.run("person", "forget", "13800138000", "--yes").returncode == 2, "nobody has this phone now"
    noted = shop.rows(
        "SELECT action, actor_kind, reason FROM kernel_auditentry WHERE action LIKE 'person.%' ORDER BY seq"
    )
    assert noted == [("person.export", "operator", ""), ("person.forget", "operator", "本人来电")]
