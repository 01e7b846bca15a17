"""The names of divisions, level by level, for choosing instead of typing."""

from __future__ import annotations

from yantuan.readers.address.table import Place, table


def names_below(province: str = "", city: str = "") -> list[str]:
    """Provinces; the cities of a province; the districts of a city. Empty for names that are none, and for a city without districts.

    A municipality is its own only city.
    """
    provinces = table().provinces
    if not province:
        return [place.name for place in provinces]
    top = next((place for place in provinces if place.name == province), None)
    if top is None:
        return []
    if not city:
        return [top.name] if top.is_city_province else [place.name for place in top.below]
    return [place.name for place in _city(top, city)]


def _city(top: Place, city: str) -> list[Place]:
    if top.is_city_province:
        return [place for place in top.below if place.level == 3] if city == top.name else []
    found = next((place for place in top.below if place.name == city), None)
    return found.below if found else []
