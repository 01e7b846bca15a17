"""A computer asking to be let in by a phone, and the views of a table a person keeps."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yantuan.identity.models import Person
from yantuan.kernel.models import Row


class DeskSignIn(Row):
    """One browser that shows a code, until a phone agrees; minutes old, used once. Both secrets are kept as hashes only."""

    secret_hash = models.CharField(max_length=64, unique=True)
    """Of what the browser holds in its cookie: nobody else can use the agreement."""
    code_hash = models.CharField(max_length=64, db_index=True)
    user_agent = models.CharField(max_length=200, default="", blank=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    """Who agreed."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class SavedView(Row):
    """Filters, order and columns of the orders table under a name, for one person in one store."""

    store_id = models.BigIntegerField()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=20)
    query = models.CharField(max_length=1000, default="", blank=True)
    """The table's address after `?`, without the words of a search: those may name people."""
    is_default = models.BooleanField(default=False)
    """Opened when the table is opened without a question."""
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store_id", "person", "title"], name="desk_view_once"),
            models.UniqueConstraint(
                fields=["store_id", "person"], name="desk_view_one_default", condition=Q(is_default=True)
            ),
        ]
