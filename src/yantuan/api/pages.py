"""The app's HTML document: preview tags for crawlers, first data inlined, and a picture of the page painted at once."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yantuan.api.me import instance_out, me_out
from yantuan.groupbuys.queries import group_buy_page, store_page
from yantuan.groupbuys.schemas import GroupBuyPage
from yantuan.identity.auth import person_or_none
from yantuan.identity.limits import address_of
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.kernel.money import price_text
from yantuan.sharing.actions import count_open
from yantuan.sharing.queries import Preview, preview

WEBAPP = Path(__file__).resolve().parent.parent / "webapp" / "h5"
_HOME = "pages/home/index"
_TOKEN = re.compile(r"[1-9A-HJ-NP-Za-km-z]{6,16}")
_DEFAULT = Preview(title="雁团", description="团长自己的团购工具", image_url="/static/icon-512.png", state="")


@dataclass
class Shell:
    """What one answer puts into the document."""

    preview: Preview = _DEFAULT
    page: str = ""
    """Page folder whose chunks are preloaded, e.g. `pages/g/index`."""
    location: str = ""
    """Where the app's router starts, when the address is a short link."""
    data: dict[str, Any] = field(default_factory=dict)
    snapshot: str = ""
    status: int = 200


@require_safe
def group_buy(request: HttpRequest, code: str) -> HttpResponse:
    """`/g/CODE`: the short link of a group buy. An unknown code opens the app's own not-found page, with status 404."""
    token = request.GET.get("t", "")
    location = f"/pages/g/index?code={code}" + (f"&t={token}" if _TOKEN.fullmatch(token) else "")
    return _group_buy(request, code, location)


@require_safe
def store(request: HttpRequest, code: str) -> HttpResponse:
    """`/s/CODE`: the short link of a store."""
    token = request.GET.get("t", "")
    location = f"/pages/s/index?code={code}" + (f"&t={token}" if _TOKEN.fullmatch(token) else "")
    return _store(request, code, location)


@require_safe
def app(request: HttpRequest) -> HttpResponse:
    """Every other address belongs to the app's router."""
    code = request.GET.get("code", "")
    if request.path == "/pages/g/index" and code:
        return _group_buy(request, code, "")
    if request.path == "/pages/s/index" and code:
        return _store(request, code, "")
    page = request.path.strip("/") or _HOME
    if not _is_page(page):
        return _render(request, Shell(page=_HOME, location=f"/{_HOME}", status=404))
    return _render(request, Shell(page=page))


def _group_buy(request: HttpRequest, code: str, location: str) -> HttpResponse:
    shell = Shell(page="pages/g/index", location=location)
    try:
        page = group_buy_page(code)
    except AppError as error:
        shell.status = error.status
        return _render(request, shell)
    _count_open(request)
    shell.data[f"/api/g/{code}"] = page.model_dump(mode="json")
    shell.preview = preview(f"/g/{code}")
    shell.snapshot = _snapshot(page)
    return _render(request, shell)


def _store(request: HttpRequest, code: str, location: str) -> HttpResponse:
    shell = Shell(page="pages/s/index", location=location)
    try:
        page = store_page(code)
    except AppError as error:
        shell.status = error.status
        return _render(request, shell)
    _count_open(request)
    shell.data[f"/api/s/{code}"] = page.model_dump(mode="json")
    shell.preview = preview(f"/s/{code}")
    return _render(request, shell)


def _count_open(request: HttpRequest) -> None:
    token = request.GET.get("t", "")
    if _TOKEN.fullmatch(token):
        count_open(token, f"{address_of(request)} {request.headers.get('User-Agent', '')}")


def _snapshot(page: GroupBuyPage) -> str:
    """The first sight of a group buy in plain HTML, shown until the app has painted."""
    prices = [p.price_min_fen for p in page.products]
    cover = f'<img src="{escape(page.cover_url)}" alt="" fetchpriority="high">' if page.cover_url else ""
    price = f"<b>{price_text(min(prices))}</b>" if prices else ""
    return (
        f'<div id="boot"><div class="cover">{cover}</div><div class="body"><h1>{escape(page.title)}</h1>'
        f"<p>{price}<i>{escape(page.status_label)}</i></p><p>{escape(page.store.name)}</p></div></div>"
    )


@lru_cache(maxsize=1)
def _document() -> str:
    path = WEBAPP / "index.html"
    if not path.exists():
        return (
            "<!DOCTYPE html><html lang=zh-CN><head><meta charset=UTF-8><title>雁团</title></head><body>"
            "<p>前端还没有构建，请先运行 make web。(Build the app first: make web.)</p></body></html>"
        )
    return path.read_text()


@lru_cache(maxsize=1)
def _manifest() -> dict[str, Any]:
    """What the build made of each source file; empty before the first build."""
    path = WEBAPP / ".vite" / "manifest.json"
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


def _chunk(page: str) -> str | None:
    """Key of a page's chunk in the manifest."""
    return next((k for k in _manifest() if re.sub(r"\.vue.*$", "", k).endswith(f"/{page}")), None)


def _is_page(page: str) -> bool:
    """Whether the app has such a page; the router shows nothing at all for an unknown one."""
    return not _manifest() or (page.count("/") == 2 and _chunk(page) is not None)


@lru_cache(maxsize=64)
def _preloads(page: str) -> tuple[str, str]:
    """Links to a page's chunk and what it imports: the modules, and the style sheets."""
    manifest = _manifest()
    entry = _chunk(page)
    files: list[str] = []
    styles: list[str] = []
    seen: set[str] = set()
    waiting = [entry] if entry else []
    while waiting:
        key = waiting.pop()
        if key in seen or key not in manifest:
            continue
        seen.add(key)
        chunk = manifest[key]
        if not chunk.get("isEntry"):
            files.append(chunk["file"])
            styles += chunk.get("css", [])
        waiting += chunk.get("imports", [])
    modules = "".join(f'<link rel="modulepreload" href="/{escape(f)}">' for f in files)
    return modules, "".join(f'<link rel="stylesheet" href="/{escape(f)}">' for f in dict.fromkeys(styles))


_SHEET = re.compile(r'<link rel="stylesheet"[^>]*>')
_BOOT_STYLE = (
    "#boot{position:fixed;inset:0;z-index:9;max-width:520px;margin:0 auto;background:#F6F6F4;font:16px/1.5 system-ui}"
    "#boot .cover{aspect-ratio:5/4;background:#EDEBE6;overflow:hidden}#boot img{width:100%;height:100%;object-fit:cover}"
    "#boot .body{padding:16px;background:#fff}#boot h1{font-size:20px;margin:0 0 8px}#boot p{margin:4px 0;color:#6B707A}"
    "#boot b{color:#C23A1B;font-size:24px;margin-right:12px}#boot i{font-style:normal}"
)
_BOOT_SCRIPT = (
    "(function(){var b=document.getElementById('boot');if(!b)return;var a=document.getElementById('app');"
    "var o=new MutationObserver(function(){if(a.querySelector('[data-ready]')){o.disconnect();b.remove()}});"
    "o.observe(a,{childList:true,subtree:true});setTimeout(function(){o.disconnect();b.remove()},8000)})()"
)


def _json(data: object) -> str:
    """JSON that can stand inside a script element whatever texts it holds."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _modules(shell: Shell) -> str:
    """Links to the page's modules; behind a snapshot the cover that is seen has the line first."""
    modules = _preloads(shell.page)[0]
    return modules.replace("<link ", '<link fetchpriority="low" ') if shell.snapshot else modules


def _head(shell: Shell, nonce: str) -> str:
    cfg = config()
    image = shell.preview.image_url
    absolute = image if image.startswith("http") else cfg.public_url + image
    title, description = escape(shell.preview.title), escape(shell.preview.description)
    parts = [
        f'<meta name="description" content="{description}"><meta property="og:type" content="product.group">',
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{description}">',
        f'<meta property="og:image" content="{escape(absolute)}"><meta itemprop="image" content="{escape(absolute)}">',
        _modules(shell),
    ]
    if shell.location:
        parts.append(f"<script nonce={nonce}>history.replaceState(null,'',{_json(shell.location)})</script>")
    if shell.snapshot:
        parts.append(f"<style>{_BOOT_STYLE}</style>")
    return "".join(parts)


def _render(request: HttpRequest, shell: Shell) -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    me = me_out(person_or_none(request))
    answers = {
        "/api/me": me.model_dump(mode="json"),
        "/api/instance": instance_out().model_dump(mode="json"),
        **shell.data,
    }
    boot = _json({"route": shell.location or request.get_full_path(), "api": answers})
    html, styles = _document(), _preloads(shell.page)[1]
    if shell.snapshot:
        # The snapshot brings its own few rules and covers the page: the app's sheets must not keep it from being seen.
        styles = "".join(_SHEET.findall(html)) + styles
        html = _SHEET.sub("", html).replace(
            '<script type="module"', '<script type="module" fetchpriority="low"'
        )
    else:
        html = html.replace("</head>", f"{styles}</head>", 1)
    html = html.replace(
        "<title>雁团</title>", f"<title>{escape(shell.preview.title)}</title>{_head(shell, nonce)}", 1
    )
    tail = f'<script id="yt-boot" type="application/json">{boot}</script>'
    if shell.snapshot:
        tail += f"{shell.snapshot}<script nonce={nonce}>{_BOOT_SCRIPT}</script>{styles}"
    html = html.replace("</body>", f"{tail}</body>", 1)
    response = HttpResponse(html, status=shell.status)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = _policy(nonce)
    return response


def _policy(nonce: str) -> str:
    """Only our own scripts, plus WeChat's JS-SDK where an official account is configured."""
    wechat = " https://res.wx.qq.com" if config().wechat_oa_appid else ""
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'{wechat}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
