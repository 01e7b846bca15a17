"""The pages for the person who watches: home, inbox, control page, small pictures."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yantuan.simulator import book, couriers, faults, inbox
from yantuan.simulator.clock import china_time
from yantuan.simulator.control import notice_summary
from yantuan.simulator.views import page
from yantuan.simulator.world import World

FACE_COLOURS = ("#E8502F", "#3B7A57", "#2F6DB5", "#B7791F", "#7A5AA6", "#3A8A99", "#A34E6B", "#5B6B3A")


async def _home(request: Request) -> Response:
    world: World = request.app.state.world
    unpaid = world.db.rows("SELECT * FROM orders WHERE state = 'NOTPAY' ORDER BY created_at DESC LIMIT 5")
    return page(
        "home.html",
        product_url=world.product_url,
        counts={
            "inbox": world.db.number("SELECT count(*) FROM inbox"),
            "applyments": world.db.number("SELECT count(*) FROM applyments"),
        },
        totals=book.summary(world)["totals"],
        unpaid=unpaid,
        robot_url=f"{world.public_url}/cgi-bin/webhook/send?key={world.credentials.wecom_robot_key}",
        here="home",
    )


async def _inbox(request: Request) -> Response:
    world: World = request.app.state.world
    phone = request.query_params.get("phone", "").strip()
    channel = request.query_params.get("channel", "")
    template = "inbox_list.html" if request.query_params.get("part") else "inbox.html"
    return page(
        template,
        messages=inbox.listed(world, phone=phone or None, channel=channel or None),
        phone=phone,
        channel=channel,
        channels=inbox.CHANNELS,
        here="inbox",
    )


async def _control(request: Request) -> Response:
    world: World = request.app.state.world
    rows = world.db.rows("SELECT * FROM notices ORDER BY rowid DESC LIMIT 12")
    summary = book.summary(world)
    return page(
        "control.html",
        settings=world.settings,
        groups=faults.GROUPS,
        kinds=list(faults.KINDS.values()),
        ordered=[fault for fault in world.faults.listed() if fault["active"]],
        notices=[notice_summary(world, row) for row in rows],
        orders=list(summary["orders"].items())[:12],
        totals=summary["totals"],
        accounts=summary["accounts"],
        calls=list(world.calls)[:15],
        parcels=couriers.watched(world),
        words=couriers.TITLES,
        keys=world.keyring.all(),
        signing={world.keyring.current(k).key_id for k in ("public_key", "certificate")},
        offset=world.clock.offset_seconds,
        now=china_time(world.clock.now()).strftime("%Y-%m-%d %H:%M:%S"),
        here="control",
    )


async def _control_redirect(request: Request) -> Response:
    return RedirectResponse("/_sim/", 308)


async def _face(request: Request) -> Response:
    """A plain round picture for a test user, so that no face has to be fetched from elsewhere."""
    name = request.path_params["name"]
    colour = FACE_COLOURS[sum(name.encode()) % len(FACE_COLOURS)]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="132" height="132" viewBox="0 0 132 132">'
        f'<rect width="132" height="132" fill="{colour}"/><circle cx="66" cy="52" r="24" fill="#fff" opacity=".92"/>'
        '<path d="M18 132c4-34 26-50 48-50s44 16 48 50z" fill="#fff" opacity=".92"/></svg>'
    )
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


async def _wxacode(request: Request) -> Response:
    """Where a scanned mini-program code leads: it says what the mini-program would get."""
    world: World = request.app.state.world
    return page(
        "wxacode.html",
        page_name=request.query_params.get("page", ""),
        scene=request.query_params.get("scene", ""),
        product_url=world.product_url,
        here="",
    )


async def _health(request: Request) -> Response:
    return Response("ok", media_type="text/plain")


def routes() -> list[Route]:
    return [
        Route("/", _home),
        Route("/healthz", _health),
        Route("/inbox", _inbox),
        Route("/_sim/", _control),
        Route("/_sim", _control_redirect),
        Route("/faces/{name}/{size:int}", _face),
        Route("/wxacode", _wxacode),
    ]
