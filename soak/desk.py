"""The operator of the instance: looks at the console and the figures, and makes an invite code now and then."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from soak.actors import Actor, Town

PAGES = (
    "/console/", "/console/status/", "/console/orders/order/", "/console/payments/paymentattempt/",
    "/console/payments/refund/", "/console/payments/providernotice/", "/console/aftersales/aftersale/",
    "/console/catalog/stockpool/", "/console/kernel/outboxevent/", "/console/notices/delivery/", "/metrics", "/healthz",
)  # fmt: skip


class Operator(Actor):
    """One person behind password and second factor; a code asked for has a note of its own, so that it can be counted."""

    def __init__(self, town: Town, name: str) -> None:
        super().__init__(town, name, "")
        session = town.world["operator"]
        self._cookies = {
            "Cookie": f"{session['cookie']}; {session['csrf_cookie']}",
            "X-CSRFToken": session["csrf"],
            "Content-Type": "application/x-www-form-urlencoded",
        }

    async def act(self) -> None:
        if self.random.random() < 0.2:
            await self._invite()
        else:
            path = self.random.choice(PAGES)
            await self.record("console", "GET", path, self._cookies, page=path)
        await asyncio.sleep(self.town.think * 8)

    async def _invite(self) -> None:
        """The form answers each press on its own: it is sent once, and an unknown end stays unknown."""
        note = self.town.key("invite")
        form = urlencode({"uses": "1", "days": "7", "note": note, "phone": ""}).encode()
        path = "/console/leaders/invitecode/create/"
        await self.record("invite", "POST", path, self._cookies, form, note, moved=True)
