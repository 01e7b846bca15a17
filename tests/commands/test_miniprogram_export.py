"""`yantuan miniprogram export`: what it stamps, and what it refuses without touching anything."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APPID = "wx0123456789abcdef"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A package as the build leaves it, small."""
    folder = tmp_path / "built"
    (folder / "pages").mkdir(parents=True)
    (folder / "app.json").write_text('{"pages":["pages/home"]}')
    (folder / "config.js").write_text('const I="__YANTUAN_ORIGIN__";exports.API_BASE=I;')
    (folder / "pages" / "home.js").write_text("console.log(1)")
    (folder / "project.config.json").write_text('{"appid":"touristappid","projectname":"雁团"}')
    return folder


def export(source: Path, target: Path, *extra: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    command = [sys.executable, "-m", "yantuan", "miniprogram", "export"]
    return subprocess.run(
        [*command, "--source", str(source), "--to", str(target), *extra],
        env={**clean, "PYTHONPATH": str(ROOT / "src"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def sums(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_address_and_appid_are_stamped_and_nothing_else(built: Path, tmp_path: Path) -> None:
    before = sums(built)
    target = tmp_path / "out"
    done = export(built, target, "--origin", "https://Shop.Example/", "--appid", APPID)
    assert (done.returncode, done.stderr) == (0, "")
    assert (target / "config.js").read_text() == 'const I="https://shop.example";exports.API_BASE=I;'
    project = json.loads((target / "project.config.json").read_text())
    assert project == {"appid": APPID, "projectname": "雁团"}
    assert sums(built) == before
    assert {n for n, s in sums(target).items() if s != before[n]} == {"config.js", "project.config.json"}
    first = sums(target)
    again = export(built, target, YANTUAN_PUBLIC_URL="https://shop.example", YANTUAN_WECHAT_MINI_APPID=APPID)
    assert again.returncode == 0 and sums(target) == first


def test_this_machine_is_for_the_developer_tools_only(built: Path, tmp_path: Path) -> None:
    done = export(built, tmp_path / "out", "--origin", "http://127.0.0.1:8000", "--appid", APPID)
    assert done.returncode == 0 and "HTTPS" in done.stdout


@pytest.mark.parametrize(
    ("origin", "appid"),
    [
        ("http://shop.example", APPID),
        ("https://203.0.113.7", APPID),
        ("https://shop.example:8443", APPID),
        ("https://shop.example/shop", APPID),
        ("https://user@shop.example", APPID),
        ("shop.example", APPID),
        ("", APPID),
        ("https://shop.example", "touristappid"),
        ("https://shop.example", ""),
    ],
)
def test_what_no_phone_could_use_is_refused(built: Path, tmp_path: Path, origin: str, appid: str) -> None:
    target = tmp_path / "out"
    done = export(built, target, "--origin", origin, "--appid", appid)
    assert done.returncode == 1 and done.stderr.strip() and not target.exists()


def test_a_folder_of_other_things_is_left_alone(built: Path, tmp_path: Path) -> None:
    target = tmp_path / "photos"
    target.mkdir()
    (target / "a.jpg").write_bytes(b"1")
    done = export(built, target, "--origin", "https://shop.example", "--appid", APPID)
    assert done.returncode == 1 and sorted(p.name for p in target.iterdir()) == ["a.jpg"]
    inside = export(built, built / "out", "--origin", "https://shop.example", "--appid", APPID)
    assert inside.returncode == 1 and not (built / "out").exists()


def test_a_package_without_a_placeholder_or_none_at_all_is_refused(built: Path, tmp_path: Path) -> None:
    (built / "config.js").write_text("const I='https://elsewhere.example'")
    done = export(built, tmp_path / "out", "--origin", "https://shop.example", "--appid", APPID)
    assert done.returncode == 1 and "make miniprogram" in done.stderr and not (tmp_path / "out").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    done = export(empty, tmp_path / "out2", "--origin", "https://shop.example", "--appid", APPID)
    assert done.returncode == 1 and not (tmp_path / "out2").exists()
