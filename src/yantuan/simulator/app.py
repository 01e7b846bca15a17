"""Putting the simulator together as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.applications import Starlette

from yantuan.simulator import (
    applyments_api,
    cashier,
    content,
    control,
    control_partner,
    courier_api,
    desk,
    ecommerce,
    mail,
    oauth,
    partner,
    payv3,
    platform_applyments,
    push,
    sharing_api,
    shipping_api,
    sms,
    wechat_api,
    wechat_cards,
    wechat_console,
    wechat_links,
    wecom,
)
from yantuan.simulator.delivery import Courier
from yantuan.simulator.world import World, open_world

PARTS = (
    desk,
    cashier,
    oauth,
    control,
    wecom,
    wechat_api,
    wechat_links,
    wechat_cards,
    wechat_console,
    content,
    shipping_api,
    push,
    sms,
    courier_api,
    control_partner,
    partner,
    sharing_api,
    ecommerce,
    platform_applyments,
    applyments_api,
    payv3,
)
"""Everybody played here, in the order in which addresses are looked for."""


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Deliver notices in the background, and take mail, while the application lives."""
    world: World = app.state.world
    courier: Courier = app.state.courier
    pushes: push.PushCourier = app.state.push_courier
    examiner: content.Examiner = app.state.examiner
    background = asyncio.gather(courier.run(), pushes.run(), shipping_api.watch(world), examiner.run())
    mailbox = await mail.start(world, *app.state.smtp) if app.state.smtp else None
    try:
        yield
    finally:
        background.cancel()
        await asyncio.gather(background, return_exceptions=True)
        if mailbox is not None:
            mailbox.close()
        await courier.close()
        await pushes.close()
        await examiner.close()
        world.db.close()


def create_app(
    folder: Path,
    *,
    public_url: str,
    product_url: str | None = None,
    time_factor: float | None = None,
    smtp: tuple[str, int] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """The simulator whose keys, secrets and book live in `folder`.

    `public_url` is the address under which it is reached; `product_url` is the product's, to which browsers may
    be sent back besides this machine. `time_factor` divides the waiting times of the notice schedule (default
    60). `smtp` is the host and port to take mail at, if any. `transport` replaces the network on which notices
    travel. Background delivery runs while the application's lifespan does.
    """
    world = open_world(folder, public_url=public_url, product_url=product_url, time_factor=time_factor)

    app = Starlette(routes=[route for part in PARTS for route in part.routes()], lifespan=_lifespan)
    app.state.world = world
    app.state.smtp = smtp
    app.state.courier = Courier(world, transport)
    app.state.push_courier = push.PushCourier(world, transport)
    app.state.examiner = content.Examiner(world, transport)
    return app
