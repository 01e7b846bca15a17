"""Measures placing and reading against the database's own limit, on one machine, in one run. `python -m bench all`."""
