"""The HTTP API, assembled: every floor's router on one document."""

from __future__ import annotations

from ninja import NinjaAPI

from yantuan import __version__
from yantuan.aftersales.api import router as aftersales
from yantuan.api import errors
from yantuan.api.demo import router as demo
from yantuan.api.me import router as me
from yantuan.api.parsing import StrictParser
from yantuan.batchrefunds.api import router as batchrefunds
from yantuan.catalog.api import router as catalog
from yantuan.catalog.imports.api import router as goods_imports
from yantuan.dashboard.api import router as dashboard
from yantuan.desk.api import router as desk
from yantuan.fulfilment.api import router as fulfilment
from yantuan.fulfilment.imports.api import router as ship_imports
from yantuan.gate.api import router as gate
from yantuan.gate.pass_api import router as passes
from yantuan.groupbuys.api import router as groupbuys
from yantuan.groupbuys.complying_api import router as complying
from yantuan.groupbuys.pasting_api import router as pasting
from yantuan.hosts.api import router as hosts
from yantuan.identity.api import router as identity
from yantuan.leaders.api import router as leaders
from yantuan.media.api import router as media
from yantuan.members.api import router as members
from yantuan.merchants.api import router as merchants
from yantuan.notices.api import router as notices
from yantuan.orders.api import router as orders
from yantuan.orders.jielong_api import router as jielong
from yantuan.payments.api import router as payments
from yantuan.picking.api import router as picking
from yantuan.promotions.api import router as promotions
from yantuan.proxies.api import router as proxies
from yantuan.reports.api import router as reports
from yantuan.settling.api import router as settling
from yantuan.sharing.api import router as sharing
from yantuan.shipinfo.api import router as shipinfo
from yantuan.splits.api import router as splits
from yantuan.staff.access import guarded
from yantuan.statements.api import router as statements
from yantuan.stores.api import router as stores
from yantuan.stores.staff_api import router as staff
from yantuan.teams.api import router as teams
from yantuan.tracking.api import router as tracking
from yantuan.waiting.api import router as waiting

api = NinjaAPI(
    title="雁团 Yantuan",
    version=__version__,
    description="团长自己的团购工具。Amounts are integer fen; ids are decimal strings; times are RFC 3339.",
    docs_url=None,
    openapi_url="/openapi.json",
    parser=StrictParser(),
)
errors.install(api)
ROUTERS = (
    dashboard,
    identity,
    me,
    desk,
    demo,
    media,
    leaders,
    stores,
    staff,
    merchants,
    catalog,
    goods_imports,
    complying,
    groupbuys,
    pasting,
    orders,
    promotions,
    waiting,
    teams,
    jielong,
    payments,
    splits,
    fulfilment,
    ship_imports,
    tracking,
    aftersales,
    notices,
    sharing,
    reports,
    shipinfo,
    picking,
    gate,
    passes,
    members,
    batchrefunds,
    proxies,
    statements,
    settling,
    hosts,
)
for router in ROUTERS:
    for path in router.path_operations.values():
        for operation in path.operations:
            writes = not set(operation.methods) <= {"GET", "HEAD"}
            operation.view_func = guarded(operation.view_func.__name__, writes, operation.view_func)
    api.add_router("", router)
