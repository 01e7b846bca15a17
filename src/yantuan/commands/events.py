"""docs/events.md, written from the handlers the product registers:

DJANGO_SETTINGS_MODULE=yantuan.settings python -c "import django; django.setup()
from yantuan.commands.events import render; print(render(), end='')" > docs/events.md
"""

from __future__ import annotations

from yantuan.kernel import outbox

_OURS = "yantuan."
_HEAD = """# What follows what

This page is generated. An event is a row written in the commit that caused it; a worker hands it to each of its handlers, at least once, in a row of
its own, so that one that fails keeps no other waiting. A handler is a function in a floor's `jobs.py` (or beside it).

| event | is heard by |
|---|---|
"""


def render() -> str:
    """The whole page as Markdown; Django is set up."""
    rows = [f"| `{topic}` | {', '.join(f'`{name}`' for name in names)} |" for topic, names in heard().items()]
    return _HEAD + "\n".join(rows) + "\n"


def heard() -> dict[str, list[str]]:
    """Topic → names of the product's handlers without its own name, both sorted."""
    found = {
        topic: sorted(name for name in map(outbox.handler_name, handlers) if name.startswith(_OURS))
        for topic, handlers in sorted(outbox.handlers().items())
    }
    return {topic: [name.removeprefix(_OURS) for name in names] for topic, names in found.items() if names}
