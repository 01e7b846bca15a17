"""`yantuan simulator`: the WeChat simulator alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from yantuan.simulator.credentials import ensure_credentials
from yantuan.simulator.serve import serve


def simulator(options: argparse.Namespace) -> int:
    """Run the simulator, or print the environment a product needs to reach one at the given address."""
    folder = Path(os.environ.get("YANTUAN_DATA", "data")).resolve() / "simulator"
    if options.print_environment:
        environment = ensure_credentials(folder).product_env(options.print_environment, options.product_url)
        sys.stdout.write(json.dumps(environment))
        return 0
    serve(folder, options.host, options.port, product_url=options.product_url)
    return 0
