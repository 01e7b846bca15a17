"""Pick-up hosts, and what arrives at their points."""
