"""`yantuan miniprogram`: the built mini-program, stamped with this shop's address and AppID, ready for WeChat's developer tools."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

PACKAGE = Path(__file__).resolve().parent.parent
PLACEHOLDER = "__YANTUAN_ORIGIN__"
_APPID = re.compile(r"wx[0-9a-f]{16}")
_NEAR = ("127.0.0.1", "localhost", "::1")


class Unusable(Exception):
    """What was given can't make a package that works; the text says why."""


def export(options: argparse.Namespace) -> int:
    """Copy the built package, stamp it, and say what to do with it."""
    try:
        origin = checked_origin(options.origin or os.environ.get("YANTUAN_PUBLIC_URL", ""))
        appid = checked_appid(options.appid or os.environ.get("YANTUAN_WECHAT_MINI_APPID", ""))
        target = Path(options.to).resolve()
        stamp(_source(options.source), target, origin, appid)
    except Unusable as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    lines = [f"小程序已导出 (exported): {target}", f"  AppID {appid} · 服务器 (server) {origin}"]
    if not origin.startswith("https://"):
        lines.append("  只能在开发者工具里用：手机上的微信只连 HTTPS (for the developer tools only)")
    lines.append(
        "  用微信开发者工具打开这个文件夹，预览后上传 (open it in WeChat's developer tools and upload)"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def checked_origin(text: str) -> str:
    """`https://host` as the package needs it. Raises Unusable for anything WeChat would refuse on a phone.

    Plain HTTP is let through for this machine's own addresses, where only the developer tools can follow.
    """
    parts = urlsplit(text.strip().rstrip("/"))
    host = parts.hostname or ""
    if not host or parts.path or parts.query or parts.fragment or parts.username:
        raise Unusable(
            "--origin 要写成 https://域名，不带路径 (give --origin as https://host, without a path)"
        )
    if parts.scheme == "https" and parts.port is None and re.search(r"[a-z]", host) and host not in _NEAR:
        return f"https://{host}"
    if parts.scheme == "http" and host in _NEAR:
        return f"http://{parts.netloc}"
    raise Unusable(
        "小程序只连 HTTPS 域名，不能是 IP，也不能带端口"
        " (a mini-program reaches https:// on a domain name only, no address in numbers and no port)"
    )


def checked_appid(text: str) -> str:
    """The AppID as WeChat writes it. Raises Unusable."""
    if _APPID.fullmatch(text.strip()) is None:
        raise Unusable("--appid 要写小程序的 AppID：wx 加 16 位小写字母或数字 (the mini-program's own AppID)")
    return text.strip()


def stamp(source: Path, target: Path, origin: str, appid: str) -> None:
    """Make `target` a package for one shop. The same input gives the same bytes; what is there already must be an earlier export."""
    if target == source or source in target.parents or target in source.parents:
        raise Unusable("--to 不能在原来的包里面 (--to must be outside the package)")
    if target.exists() and any(target.iterdir()) and not (target / "project.config.json").exists():
        raise Unusable(f"{target} 里有别的文件，请换一个空文件夹 (the folder holds something else)")
    stamped = [p.relative_to(source) for p in sorted(source.rglob("*.js")) if PLACEHOLDER in p.read_text()]
    if not stamped:
        raise Unusable("这个包没有服务器地址的占位符，请重新构建：make miniprogram (build the package anew)")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for name in stamped:
        path = target / name
        path.write_text(path.read_text().replace(PLACEHOLDER, origin))
    project = target / "project.config.json"
    settings = json.loads(project.read_text())
    settings["appid"] = appid
    project.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n")


def _source(given: str | None) -> Path:
    """The build to stamp: the one named, the one in this installation, or the one just built in a checkout."""
    checkout = PACKAGE.parent.parent / "web" / "dist" / "build" / "mp-weixin"
    for folder in [Path(given)] if given else [PACKAGE / "webapp" / "mp-weixin", checkout]:
        if (folder / "app.json").exists() and (folder / "project.config.json").exists():
            return folder.resolve()
    raise Unusable("没有找到构建好的小程序，请先运行 make miniprogram (build it first: make miniprogram)")
