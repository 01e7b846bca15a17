"""雁团: self-hosted group buying for group leaders."""
