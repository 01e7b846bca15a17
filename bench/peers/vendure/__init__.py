"""Vendure under measure."""
