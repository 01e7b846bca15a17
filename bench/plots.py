"""Small pictures of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

INK, ORANGE, GREY = "#1F2329", "#E8502F", "#8A8F99"
COLOURS = {"place_postgres_1": ORANGE, "place_postgres_2": "#B03A1E", "place_sqlite_1": INK}
Found = dict[str, Any]


def draw(found: Found, results: Found, folder: Path) -> list[str]:
    """Draw what was measured; answers the file names."""
    folder.mkdir(exist_ok=True)
    drawn = []
    sections = [name for name in COLOURS if name in found]
    if sections:
        drawn += [
            _lines(found, results, sections, folder, "per_second", "orders per second", "placing.svg"),
            _lines(found, results, sections, folder, "p99_ms", "p99 in ms", "latency.svg"),
        ]
    if "read_postgres" in found or "read_sqlite" in found:
        drawn.append(_lists(found, folder))
    return drawn


def _lines(
    found: Found, results: Found, sections: list[str], folder: Path, value: str, label: str, name: str
) -> str:
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    for section in sections:
        clients = sorted(int(run[4:]) for run in found[section] if run.startswith("hot_"))
        for kind, style in (("hot", "-"), ("spread", "--")):
            heights = [found[section][f"{kind}_{n}"][value] for n in clients]
            title = f"{section.removeprefix('place_').replace('_', ' ×')} {kind}"
            axes.plot(clients, heights, style, marker="o", ms=3, color=COLOURS[section], label=title)
    if value == "per_second":
        for kind, style in (("hot", "-"), ("spread", "--")):
            limit = results.get("limit", {}).get(kind)
            if limit:
                axes.axhline(
                    limit, linestyle=style, color=GREY, linewidth=1, label=f"PostgreSQL's limit {kind}"
                )
    axes.set_xscale("log", base=2)
    axes.set_xlabel("buyers at a time")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=6, frameon=False)
    return _save(figure, folder, name)


def _lists(found: Found, folder: Path) -> str:
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    for vendor, colour in (("postgres", ORANGE), ("sqlite", INK)):
        section = found.get(f"read_{vendor}")
        if section is None:
            continue
        sizes = sorted(int(size) for size in section if size.isdigit())
        for name, style in (("list", "-"), ("search_name", "--")):
            heights = [section[str(size)].get(name, {}).get("p50_ms") for size in sizes]
            if None not in heights:
                axes.plot(sizes, heights, style, marker="o", ms=3, color=colour, label=f"{vendor} {name}")
    axes.set_xscale("log")
    axes.set_xlabel("orders in the instance")
    axes.set_ylabel("p50 in ms")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False)
    return _save(figure, folder, "lists.svg")


def _save(figure: Any, folder: Path, name: str) -> str:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    # Without dates and random ids the same figures give the same file.
    with plt.rc_context({"svg.hashsalt": "yantuan", "svg.fonttype": "none"}):
        figure.savefig(folder / name, metadata={"Date": None})
    plt.close(figure)
    return name
