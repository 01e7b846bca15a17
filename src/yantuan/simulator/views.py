"""Rendering of the simulator's pages."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

_FOLDER = Path(__file__).parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


def money(fen: int) -> str:
    """`¥39.90`; negative amounts keep their sign in front."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100}.{abs(fen) % 100:02d}"


def robot_text(text: str) -> Markup:
    """WeCom's markdown as far as it shows: bold and coloured words; everything else stays text."""
    safe = _BOLD.sub(r"<b>\1</b>", str(escape(text)))
    return Markup(_FONT.sub(lambda found: f'<span class="{_COLOURS[found[1]]}">{found[2]}</span>', safe))


_BOLD = re.compile(r"\*\*(.+?)\*\*")
_FONT = re.compile(r"&lt;font color=&#34;(info|comment|warning)&#34;&gt;(.*?)&lt;/font&gt;")
_COLOURS = {"info": "green", "comment": "grey", "warning": "amber"}
_ENVIRONMENT.filters["money"] = money
_ENVIRONMENT.filters["robot_text"] = robot_text


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    html = _ENVIRONMENT.get_template(template).render(**context)
    # The pages show codes and money: no cache may keep them, no frame may hold them.
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(html, status, headers)


def with_query(url: str, **values: str) -> str:
    """`url` with further query parameters, put before its fragment."""
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *values.items()])
    return urlunsplit(parts._replace(query=query))
