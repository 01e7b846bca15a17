"""bench/results.json for programs and bench/REPORT.md for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.peers import report as peers_report
from bench.results import TARGETS, at, headline, peers_found, verdict

Found = dict[str, Any]
SECTION_NAMES = {
    "place_postgres_1": "PostgreSQL, 1 web process",
    "place_postgres_2": "PostgreSQL, 2 web processes",
    "place_sqlite_1": "SQLite (embedded), 1 web process",
}


def write_report(found: Found, folder: Path, draw: Callable[[Found, Found, Path], list[str]]) -> None:
    """Write both files and the plots into `folder`; what was not measured is said so."""
    peers = folder / "peers.json"
    results = headline(found, peers)
    whole = results | {
        "machine": found["machine"],
        "sections": {k: v for k, v in found.items() if k != "machine"},
    }
    (folder / "results.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    pictures = draw(found, results, folder / "plots")
    (folder / "REPORT.md").write_text(report(found, results, peers_found(peers), pictures, folder))


def with_earlier(found: Found, folder: Path) -> Found:
    """The last report's figures with those of `found` in their places. Raises FileNotFoundError where there is none."""
    last = json.loads((folder / "results.json").read_text())
    fresh = {name: figures for name, figures in found.items() if name != "machine"}
    later = last["machine"].get("later", {}) | dict.fromkeys(fresh, found["machine"]["date"])
    return last["sections"] | fresh | {"machine": last["machine"] | {"later": later}}


def report(found: Found, results: Found, peers: Found | None, pictures: list[str], folder: Path) -> str:
    """The whole report as Markdown."""
    parts = [_head(found), _targets(results, folder)]
    parts += [f"![{name}](plots/{name})" for name in pictures]
    for section in (_limit, _place, _money, _storm, _read, _export, _start):
        text = section(found)
        if text:
            parts.append(text)
    parts.append(
        peers_report.section(peers) if peers else "## Peers\n\nNot measured here: `make bench-peers`."
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _head(found: Found) -> str:
    m = found["machine"]
    busy = (
        "\n\n**The machine was busy with other work: these are not the figures of a quiet one.**"
        if m["load_before"] > m["cpus"] / 2
        else ""
    )
    later = "".join(
        f"\n\nMeasured again later: {name} on {date}." for name, date in sorted(m.get("later", {}).items())
    )
    return f"""# Bench report

`make bench` on {m["date"]}: {m["cpu"]}, {m["cpus"]} cores shared by load generator, web, worker and database; {m["system"]};
load before the run {m["load_before"]}. Python {m["python"]}, Django {m["django"]}, granian {m["granian"]}, PostgreSQL {m["postgres"]}
(fsync and synchronous_commit on), SQLite {m["sqlite"]} (WAL, synchronous=FULL). Medians of {m["rounds"]} rounds of {m["seconds"]:g} s, in brackets
the lowest and highest round; ratios are of figures taken in turns in the same run. Absolute numbers belong to the machine.{busy}{later}"""


def _targets(results: Found, folder: Path) -> str:
    lines = ["## Targets", "", "| what | wanted | measured | |", "|---|---|---|---|"]
    missed = False
    for target in TARGETS:
        value = at(results, target.path)
        word = verdict(target, value)
        missed |= "missed" in word
        shown = "–" if value is None else f"{value:,g}"
        lines.append(
            f"| {target.name} | {'≤' if target.most else '≥'} {target.wanted:,g} | {shown} | {word} |"
        )
    profiles = sorted(path.name for path in folder.glob("profile-*.txt"))
    if missed and profiles:
        lines += ["", "Where the time goes: " + ", ".join(f"[{name}]({name})" for name in profiles) + "."]
    if (folder / "why.md").exists():
        lines += ["", (folder / "why.md").read_text().strip()]
    return "\n".join(lines)


def _rate(figures: Found) -> str:
    low, high = figures.get("per_second_spread", (0, 0))
    return f"{figures['per_second']:,.0f} ({low:,.0f}–{high:,.0f})"


def _row(name: str, figures: Found) -> str:
    return f"| {name} | {_rate(figures)} | {figures.get('p50_ms', '')} | {figures.get('p99_ms', '')} |"


_HEAD = ["", "| what | per second | p50 ms | p99 ms |", "|---|---|---|---|"]


def _limit(found: Found) -> str:
    lines = [
        "## What the parts give by themselves",
        "",
        "The rows one order of the product writes, recorded from a real order; one order per transaction, by pgbench with",
        "prepared statements and by SQLite's own prepared statements, without HTTP and without rules.",
        *_HEAD,
    ]
    for kind, words in (("hot", "all on one hot offer"), ("spread", "spread over 1,000 offers")):
        for clients in (4, 64):
            figures = found.get("limit_postgres", {}).get(f"{kind}_{clients}")
            if figures:
                lines.append(_row(f"PostgreSQL, {words}, {clients} clients", figures))
    for name, figures in found.get("limit_sqlite", {}).items():
        kind, size, *_ = name.split("_")
        lines.append(
            _row(f"SQLite, {kind}, {size} order{'s' if size != '1' else ''} per transaction", figures)
        )
    if "http" in found:
        lines.append(_row("the web server around nothing, same requests and loader", found["http"]))
        lines += [
            "",
            f"The loader itself takes {found['http']['loader_us_per_request']} µs of CPU per request.",
        ]
    return "\n".join(lines) if len(lines) > 8 else ""


def _place(found: Found) -> str:
    measured = {name: title for name, title in SECTION_NAMES.items() if name in found}
    if not measured:
        return ""
    lines = [
        "## Placing orders over HTTP",
        "",
        "Full rules: session, window, limits, freight, snapshots, events, stock movements; every answer after a durable commit.",
        "After every round units sold = units in lines = per-person counters = live orders = answers 201, and 跟团号 have no gaps.",
    ]
    for name, title in measured.items():
        lines += [
            "",
            f"**{title}**",
            "",
            "| buyers | hot /s | p50 | p99 ms | spread /s | p50 | p99 ms | CPU ms per order (hot) |",
        ]
        lines.append("|---|---|---|---|---|---|---|---|")
        lines += _place_rows(found[name])
        out = found[name]["sell_out"]
        word = "exactly" if out["exact"] else "**not exactly**"
        lines += [
            "",
            f"Sold out: {out['sold']:,} of {out['stock']:,} units to 64 buyers at a time, {word}; {out['refused']:,} told `sold_out`.",
        ]
    return "\n".join(lines)


def _place_rows(section: Found) -> list[str]:
    rows = []
    for clients in sorted(int(name[4:]) for name in section if name.startswith("hot_")):
        hot, spread = section[f"hot_{clients}"], section[f"spread_{clients}"]
        cpu = ", ".join(f"{part} {spent:.2f}" for part, spent in hot["cpu_ms_each"].items())
        rows.append(
            f"| {clients} | {_rate(hot)} | {hot['p50_ms']} | {hot['p99_ms']} | {_rate(spread)} | {spread['p50_ms']} |"
            f" {spread['p99_ms']} | {cpu} |"
        )
    return rows


def _money(found: Found) -> str:
    lines = ["## Notices and lifecycles", *_HEAD]
    for vendor in ("postgres", "sqlite"):
        notices, lives = found.get(f"notice_{vendor}"), found.get(f"lifecycle_{vendor}")
        if notices:
            lines.append(_row(f"{vendor}: signed notices, each new, 64 at a time", notices["fresh"]))
            lines.append(_row(f"{vendor}: the same notices again", notices["repeated"]))
        if lives:
            lines.append(
                _row(f"{vendor}: order → prepay → payment → notice → paid, with the simulator", lives)
            )
    notices = [found[n] for n in ("notice_postgres", "notice_sqlite") if n in found]
    if notices:
        answered, applied = (
            max(one[f"{what}_within_s"] for one in notices) for what in ("answered", "applied")
        )
        lines += [
            "",
            f"Every notice was answered 204 within {answered:.2f} s; {applied:.1f} s after the first of the two thousand came,"
            " each had paid its order, exactly once.",
        ]
    return "\n".join(lines) if len(lines) > 4 else ""


def _storm(found: Found) -> str:
    lines = ["## Storms", *_HEAD]
    notes: list[str] = []
    for vendor in ("postgres", "sqlite"):
        beside, junk = found.get(f"neighbours_{vendor}"), found.get(f"junk_{vendor}")
        if beside:
            lines += [
                _row(f"{vendor}: leader B's calm sale, 20 orders/s, alone", beside["alone"]),
                _row(f"{vendor}: the same beside leader A's storm", beside["calm"]),
                _row(f"{vendor}: leader A's storm, 256 buyers without a pause", beside["storm"]),
            ]
        if junk:
            lines += [
                _row(f"{vendor}: orders from 16 buyers, alone", junk["alone"]),
                _row(f"{vendor}: the same beside junk", junk["orders"]),
                _row(f"{vendor}: junk notices refused, {junk['junk']['offered']:,}/s offered", junk["junk"]),
            ]
            notes.append(
                f"{vendor}: orders keep {junk['orders_ratio']:.0%} of their rate; the web processes grow by {junk['rss_grown']} MiB"
                f" from {junk['rss_before']}."
            )
    how = "Junk: forged signatures, none, noise, bodies of 100 kB. Waits count from when a request was due. `yantuan check` is clean."
    return "\n".join([*lines, "", *notes, how]) if len(lines) > 5 else ""


def _read(found: Found) -> str:
    parts = []
    for vendor in ("postgres", "sqlite"):
        section = found.get(f"read_{vendor}")
        if section:
            parts.append(_read_table(vendor, section))
    return (
        "## Reading\n\nPublic pages to 64 readers at a time, a leader's lists to 2.\n\n" + "\n\n".join(parts)
        if parts
        else ""
    )


def _read_table(vendor: str, section: Found) -> str:
    sizes = sorted((name for name in section if name.isdigit()), key=int)
    heads = "".join(f" {int(size):,} orders: /s | p50 | p99 ms |" for size in sizes)
    lines = [
        f"**{vendor}**",
        "",
        f"| what |{heads} growth of p50 |",
        "|---|" + "---|---|---|" * len(sizes) + "---|",
    ]
    for name in section[sizes[0]]:
        cells = "".join(
            f" {section[size][name]['per_second']:,.0f} | {section[size][name]['p50_ms']} | {section[size][name]['p99_ms']} |"
            for size in sizes
            if name in section[size]
        )
        lines.append(f"| {name.replace('_', ' ')} |{cells} {section['growth'].get(name, '')} |")
    return "\n".join(lines)


def _export(found: Found) -> str:
    lines = [
        "## Export to a sheet",
        "",
        "| what | orders | s | orders/s | file MiB | peak MiB | grown MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for vendor in ("postgres", "sqlite"):
        for name, one in found.get(f"export_{vendor}", {}).items():
            lines.append(
                f"| {vendor}, one {name} | {one['orders']:,} | {one['seconds']} | {one['orders_per_second']:,} | {one['file_mib']} |"
                f" {one['peak_mib']} | {one['grown_mib']} |"
            )
    return "\n".join(lines) if len(lines) > 4 else ""


def _start(found: Found) -> str:
    if "start" not in found:
        return ""
    one = found["start"]
    return f"""## Memory and start (embedded, SQLite)

Cold start to the first page {one["cold_start_s"]} s. Supervisor, web and worker together: idle {one["idle"]["rss"]} MiB RSS
({one["idle"]["pss"]} PSS), after a rush of orders {one["busy"]["rss"]} MiB RSS ({one["busy"]["pss"]} PSS). RSS counts shared pages in each
process, PSS once."""
