"""One web process as `yantuan up` runs it, without the worker beside it: the soak starts, kills and stops each part by itself."""

from __future__ import annotations

import argparse
import sys

from yantuan.commands import up


def main(port: int) -> None:
    """Serve until a signal."""
    up._spare_memory()
    up._serve(argparse.Namespace(host="127.0.0.1", port=port, workers=1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
