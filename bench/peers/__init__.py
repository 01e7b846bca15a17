"""Other shops, installed from their registries and measured through their own HTTP APIs on the same PostgreSQL."""
