"""docs/personal-data.md, written from the registry: `python -m yantuan.privacy.page > docs/personal-data.md`."""

from __future__ import annotations

import sys

from yantuan.privacy.inventory import INVENTORY

_HEAD = """# 个人信息登记 · Personal data

Made from `src/yantuan/privacy/inventory.py`; a test compares the two, walks every table, and fails on a column that looks personal (or
like a secret) and is declared nowhere. Whoever adds a column adds a line there, or names it in `privacy/harmless.py`.

- Read masked by default; full only for the person who ships a paid, open order. Each reveal and export stands in the audit log.
- Sealed columns are AES-256-GCM under the instance's secret; what must be found again has a keyed hash beside it.
- `yantuan person export ID --to FOLDER` writes everything held of one person, as JSON with their pictures. `yantuan person forget ID`
  erases the person and leaves the legal skeleton of orders: goods, amounts, states and times. Both are on the person's page in the
  console, too; leaving asks for a reason, the word 注销 and a fresh dynamic code. Both are audited.
- Refused while something is under way: an unpaid or undelivered order, an open after-sale, a refund on its way, or a store of theirs.
- Timed work (`privacy/jobs.py`, and the floors' own) applies the periods below by itself.
- Backups and the archive of a continuous copy keep what they held until they go by their own policy (default: seven days and four
  weeks). After restoring one, forget again whom the audit log names since (`person.forget`).
"""
_FOOT = """
## Not personal, although the name looks so

"""


def render() -> str:
    """The whole page as Markdown."""
    lines = [
        _HEAD,
        "| 表 | 列 | 内容 | 目的 | 依据 | 保存多久 | 谁能看到 | 注销时 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{h.model}` | {_columns(h.fields)} | {h.what} | {h.purpose} | {h.basis} | {h.keep} | {h.shown} | {h.leaving} |"
        for h in INVENTORY.held
    ]
    lines.append(_FOOT)
    lines += [f"- `{h.model}`: {_columns(h.fields)} — {h.what}" for h in INVENTORY.harmless]
    return "\n".join([*lines, ""])


def _columns(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


if __name__ == "__main__":
    sys.stdout.write(render())
