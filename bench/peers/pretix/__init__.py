"""pretix under measure."""
