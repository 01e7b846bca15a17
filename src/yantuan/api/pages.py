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

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from yantuan.api import built
from yantuan.api.me import instance_out, me_out
from yantuan.api.snapshot import FirstSight
from yantuan.groupbuys.queries import group_buy_page, store_page
from yantuan.identity.auth import person_or_none
from yantuan.identity.limits import address_of
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError
from yantuan.sharing.actions import count_open
from yantuan.sharing.queries import Preview, preview

LANGUAGE_COOKIE = "yt_lang"
"""Set by the app where somebody reads it in English, so that the first sight is in their language too."""
_HOME = "pages/home/index"
_HERE = Path(__file__).resolve().parent
_CLASSES = re.compile(r'class="([^"]*)"')
_STARTS = re.compile(r'<script type="module"[^>]*></script>|<link rel="(?:stylesheet|modulepreload)"[^>]*>')
_LARGE = "try{if(JSON.parse(localStorage.getItem('yt.large')).data)document.documentElement.classList.add('yt-large')}catch(e){}"
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
def with_slash(request: HttpRequest) -> HttpResponse:
    """`/desk` and `/console` as people type them: on to the address that ends with a slash."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{request.path}/{'?' if query else ''}{query}")


@require_safe
def app(request: HttpRequest) -> HttpResponse:
    """Every other address belongs to the app's router."""
    code = request.GET.get("code", "")
    if request.path == "/pages/g/index" and code:
        return _group_buy(request, code, "")
    if request.path == "/pages/s/index" and code:
        return _store(request, code, "")
    page = request.path.strip("/") or _HOME
    if not built.is_page(page):
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
    if 'id="app"' in built.document():
        shell.snapshot = FirstSight(
            page, "en" if request.COOKIES.get(LANGUAGE_COOKIE) == "en" else "zh"
        ).html()
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


@lru_cache(maxsize=1)
def _first_sight() -> tuple[str, str]:
    """Style and script that stand beside a first sight."""
    style, script = ((_HERE / f"first_sight.{kind}").read_text() for kind in ("css", "js"))
    lines = (line.strip() for line in script.splitlines())
    return style, "\n".join(line for line in lines if not line.startswith("//"))


def _json(data: object) -> str:
    """JSON that can stand inside a script element whatever texts it holds."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _head(shell: Shell, nonce: str) -> str:
    cfg = config()
    image = shell.preview.image_url
    absolute = image if image.startswith("http") else cfg.public_url + image
    title, description = escape(shell.preview.title), escape(shell.preview.description)
    parts = [
        f'<meta name="description" content="{description}"><meta property="og:type" content="product.group">',
        f'<meta property="og:title" content="{title}"><meta property="og:description" content="{description}">',
        f'<meta property="og:image" content="{escape(absolute)}"><meta itemprop="image" content="{escape(absolute)}">',
        _later(shell.page) if shell.snapshot else built.preloads(shell.page)[0],
    ]
    if shell.location:
        parts.append(f"<script nonce={nonce}>history.replaceState(null,'',{_json(shell.location)})</script>")
    if shell.snapshot:
        style = built.borrowed_style(
            shell.page, frozenset(" ".join(_CLASSES.findall(shell.snapshot)).split())
        )
        parts.append(f"<style>{_first_sight()[0]}{style}</style><script nonce={nonce}>{_LARGE}</script>")
    return "".join(parts)


def _later(page: str) -> str:
    """Links to the app's modules; behind a first sight the cover that is seen has the line first."""
    files = dict.fromkeys(file for file in (*built.start_files(), built.page_file(page)) if file)
    return "".join(f'<link fetchpriority="low" rel="modulepreload" href="{escape(file)}">' for file in files)


def _render(request: HttpRequest, shell: Shell) -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    me = me_out(person_or_none(request))
    answers = {
        "/api/me": me.model_dump(mode="json"),
        "/api/instance": instance_out().model_dump(mode="json"),
        **shell.data,
    }
    boot = _json({"route": shell.location or request.get_full_path(), "api": answers})
    html, styles = built.document(), built.preloads(shell.page)[1]
    tail = f'<script id="yt-boot" type="application/json">{boot}</script>'
    if shell.snapshot:
        # The first sight brings the rules it needs and starts the app itself: neither sheets nor modules keep it from being seen.
        styles = "".join(dict.fromkeys((*built.SHEET.findall(html), *built.SHEET.findall(styles))))
        html = _STARTS.sub("", html)
        files = _json(built.start_files())
        tail += f'{shell.snapshot}<script id="yt-start" type="application/json">{files}</script>'
        # A script behind a sheet waits for it, and a tap would wait with it.
        tail += f"<script nonce={nonce}>{_first_sight()[1]}</script>{styles}"
    else:
        html = html.replace("</head>", f"{styles}</head>", 1)
    head = f"<title>{escape(shell.preview.title)}</title>{_head(shell, nonce)}"
    html = html.replace("<title>雁团</title>", head, 1).replace("</body>", f"{tail}</body>", 1)
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
