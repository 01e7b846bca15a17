"""Reads what a supplier writes in WeChat about goods into the pieces of a sale."""
