"""Typed clients of outside services.

Each behind a Protocol, with its address in its settings, none knowing the trade.
"""
