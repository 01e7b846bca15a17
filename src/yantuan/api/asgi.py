"""`yantuan.api.asgi:application`, the one object the server runs."""

from __future__ import annotations

import os
from typing import cast

from yantuan.kernel.lean import keep_lean

keep_lean()

from a2wsgi.wsgi_typing import WSGIApp  # noqa: E402 - nothing of Django may come before
from django.core.wsgi import get_wsgi_application  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
_django = get_wsgi_application()

# Models can be imported only once Django is set up.
from yantuan.api.headers import SafeHeaders  # noqa: E402
from yantuan.api.knock import Knock  # noqa: E402
from yantuan.api.lane import Lane  # noqa: E402
from yantuan.api.lane_django import DjangoApp  # noqa: E402
from yantuan.api.observed import Observed  # noqa: E402
from yantuan.api.static import StaticFirst  # noqa: E402
from yantuan.kernel.config import config  # noqa: E402
from yantuan.notices.sse import events_app  # noqa: E402
from yantuan.orders.intake import intake  # noqa: E402

_rest = Knock(StaticFirst(DjangoApp(cast(WSGIApp, _django))))
_lane = Lane(_rest, events_app, intake)
_https = config().public_url.startswith("https://")
application = Observed(SafeHeaders(_lane, https=_https), intake)
