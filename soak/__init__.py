"""The soak: real processes, real faults, a history of every call, and checkers that must find nothing. See docs/soak.md."""
