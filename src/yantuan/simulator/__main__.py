"""`python -m yantuan.simulator FOLDER [HOST [PORT [PRODUCT_URL]]]`."""

import sys
from pathlib import Path

from yantuan.simulator.serve import serve


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 4:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder, host, port, product_url = [*arguments, *("", "127.0.0.1", "8001", "")[len(arguments) :]]
    serve(Path(folder), host, int(port), product_url=product_url or None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
