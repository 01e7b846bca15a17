"""The soak: real processes, real faults, a history of every call, and checkers that must find nothing. See docs/soak.md."""

import sys
from pathlib import Path

# The tests' helpers import one another by their bare names.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tests"))
