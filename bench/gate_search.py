"""How long the gate's search takes offline: `python -m bench.gate_search [orders]`, the app's own code in Node's V8.

The baseline, in the same run, looks at every field of every row. Prints JSON, milliseconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Bundle the app's own module with the measuring script, and run it."""
    with tempfile.TemporaryDirectory(prefix="yantuan-gate-") as folder:
        bundle = Path(folder) / "gate.mjs"
        subprocess.run(
            [
                str(ROOT / "web/node_modules/.bin/esbuild"), str(ROOT / "bench/gate_search.ts"), "--bundle",
                "--platform=node", "--format=esm", "--log-level=error", f"--outfile={bundle}",
            ],
            check=True,
        )  # fmt: skip
        subprocess.run(["node", str(bundle), *sys.argv[1:2]], check=True)


if __name__ == "__main__":
    main()
