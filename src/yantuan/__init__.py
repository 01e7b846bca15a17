"""雁团: self-hosted group buying for group leaders."""

__version__ = "0.1.0"
