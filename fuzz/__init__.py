"""Random requests against the running service, as every kind of caller; see `python -m fuzz --help`."""
