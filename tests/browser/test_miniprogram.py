"""The compiled mini-program, stamped for a running server, goes through the same story with a WeChat of our own around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import ROOT, Stack
from yantuan.demo.pictures import demo_picture

pytestmark = pytest.mark.browser
WEB = ROOT / "web"
BUILD = WEB / "dist" / "build" / "mp-weixin"


def export(stack: Stack, folder: Path) -> Path:
    """The package of this shop, as its owner would make it."""
    assert (BUILD / "app.json").exists(), "build the mini-program first: make miniprogram"
    credentials = json.loads((stack.data / "simulator" / "credentials.json").read_text())
    target = folder / "package"
    command = [sys.executable, "-m", "yantuan", "miniprogram", "export"]
    command += ["--source", str(BUILD), "--to", str(target), "--origin", stack.app]
    command += ["--appid", credentials["mini_appid"]]
    subprocess.run(command, env=stack.environment, check=True, capture_output=True, timeout=60)
    return target


def test_the_story_in_the_mini_program(stack: Stack, tmp_path: Path) -> None:
    picture = tmp_path / "apples.jpg"
    picture.write_bytes(demo_picture("apples"))
    environment = {
        **os.environ,
        "CI": "1",
        "YT_PACKAGE": str(export(stack, tmp_path)),
        "YT_ORIGIN": stack.app,
        "YT_SIMULATOR": stack.simulator,
        "YT_PICTURE": str(picture),
    }
    command = ["npx", "--no-install", "vitest", "run", "--config", "vitest.story.config.ts"]
    done = subprocess.run(
        command, cwd=WEB, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
