"""发布前检查: what the texts, prices and dates of a sale may not say by law, and what needs care. Pure; knows no database."""
