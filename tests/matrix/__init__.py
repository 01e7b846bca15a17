"""Every operation, page and edge in every role."""
