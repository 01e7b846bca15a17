"""The one page a person sees when WeChat sign-in does not end well; everything else is in the app."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.html import format_html

from yantuan.identity.rules import local_path
from yantuan.kernel.errors import AppError

_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>登录没有完成</title><style>
body{{margin:0;background:#F6F6F4;color:#1F2329;font:16px/1.6 -apple-system,"PingFang SC","Microsoft YaHei",sans-serif}}
main{{max-width:420px;margin:15vh auto 0;padding:32px 24px;background:#fff;border-radius:12px;text-align:center}}
h1{{font-size:20px;margin:0 0 8px}}p{{margin:0 0 8px}}small{{color:#8A8F99}}
a{{display:block;margin-top:24px;padding:12px;border-radius:24px;background:#E8502F;color:#fff;text-decoration:none}}
</style></head><body><main><h1>登录没有完成</h1><p>{zh}</p><p><small>{en}</small></p>
<a href="{back}">返回</a></main></body></html>"""


def sign_in_failed(error: AppError, back: str = "/") -> HttpResponse:
    """Say what happened and lead back; never stored by caches."""
    page = HttpResponse(
        format_html(_PAGE, zh=error.zh, en=error.en, back=local_path(back)), status=error.status
    )
    page["Cache-Control"] = "no-store"
    return page
