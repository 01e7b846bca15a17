"""django-oscar under measure."""
