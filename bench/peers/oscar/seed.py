"""Makes the schema and the goods: PEER_GOODS is a JSON list of {name, stock}. Writes {name: product id} to PEER_ANSWER."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()
call_command("migrate", verbosity=0)

# Importable only when Django is set up.
from oscar.core.loading import get_model  # noqa: E402

partner = get_model("partner", "Partner").objects.create(name="Partner")
kind = get_model("catalogue", "ProductClass").objects.create(
    name="Goods", requires_shipping=True, track_stock=True
)
get_model("address", "Country").objects.create(
    iso_3166_1_a2="CN", iso_3166_1_a3="CHN", printable_name="China", name="China", is_shipping_country=True
)
found = {}
for goods in json.loads(os.environ["PEER_GOODS"]):
    product = get_model("catalogue", "Product").objects.create(
        title=goods["name"], upc=goods["name"], product_class=kind
    )
    get_model("partner", "StockRecord").objects.create(
        product=product,
        partner=partner,
        partner_sku=goods["name"],
        price=Decimal("39.90"),
        num_in_stock=goods["stock"],
    )
    found[goods["name"]] = str(product.pk)
Path(os.environ["PEER_ANSWER"]).write_text(json.dumps(found))
