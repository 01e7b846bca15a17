"""The maps of docs/asvs.md and docs/security.md: complete, and every file and test they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import yantuan

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(yantuan.__file__).parent
COUNTS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7}  # fmt: skip
"""Requirements of levels 1 and 2 per chapter of ASVS 5.0.0."""
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (\S+) \| (.+?) \| (?:`(.+)`)? ?\|$", re.M)
_CITED = re.compile(r"`((?:tests|src|docs|web|fuzz|soak|bench|scripts)/[\w./-]+(?:::\w+)?)`")


def rows() -> list[tuple[str, ...]]:
    return _ROW.findall((ROOT / "docs" / "asvs.md").read_text())


def exists(cited: str) -> bool:
    path, _, name = cited.partition("::")
    file = ROOT / path
    if not name:
        return file.exists()
    return file.is_file() and re.search(rf"^def {re.escape(name)}\(", file.read_text(), re.M) is not None


def test_all_253_requirements_are_answered_once() -> None:
    found = rows()
    ids = [row[0] for row in found]
    assert len(ids) == len(set(ids)) == sum(COUNTS.values()) == 253
    assert {c: sum(i.startswith(f"{c}.") for i in ids) for c in COUNTS} == COUNTS
    assert sum(row[1] == "1" for row in found) == 70
    assert {row[2] for row in found} <= {"met", "part", "gap", "n/a"}


def test_every_answer_has_its_evidence() -> None:
    assert [row[0] for row in rows() if row[2] in ("met", "part") and not row[4]] == []
    assert [row[0] for row in rows() if row[4] and not exists(row[4])] == []


def test_the_counts_on_top_are_those_of_the_table() -> None:
    text = (ROOT / "docs" / "asvs.md").read_text()
    for level in ("1", "2"):
        of = [row[2] for row in rows() if row[1] == level]
        cells = [str(of.count(state)) for state in ("met", "part", "gap", "n/a")] + [str(len(of))]
        assert f"| level {level} | " + " | ".join(cells) + " |" in text


def test_the_security_page_cites_what_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    cited = _CITED.findall(text)
    assert len(cited) > 40 and [c for c in cited if not exists(c)] == []


def test_each_risk_of_the_api_top_ten_has_three_tests() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    sections = dict(re.findall(r"^\| (API\d+:2023) .*?\|(.*)\|$", text, re.M))
    assert sorted(sections, key=lambda s: int(s[3:-5])) == [f"API{n}:2023" for n in range(1, 11)]
    thin = [name for name, cells in sections.items() if len(set(re.findall(r"`tests/\S+::\w+`", cells))) < 3]
    assert thin == []


def test_the_map_sees_what_is_missing() -> None:
    assert not exists("tests/security/test_map.py::test_that_is_not_there")
    assert not exists("docs/nothing.md")


def test_nothing_is_evaluated() -> None:
    """No `eval`, `exec`, `pickle`, shell or unsafe loader in the product."""
    banned = re.compile(
        r"(?<![\w.])(?:eval|exec)\(|\bpickle\b|shell=True|\bos\.system\b|yaml\.load\b|mark_safe\(f"
    )
    found = [str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if banned.search(p.read_text())]
    assert found == []


def test_the_app_writes_no_raw_html() -> None:
    sources = [p for p in (ROOT / "web" / "src").rglob("*") if p.suffix in (".vue", ".ts")]
    assert len(sources) > 50
    banned = re.compile(
        r"v-html|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|<rich-text"
    )
    assert [str(p.relative_to(ROOT)) for p in sources if banned.search(p.read_text())] == []


def test_dependencies_are_pinned_with_hashes() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [n for n, line in enumerate(lines) if re.match(r"^[A-Za-z0-9][\w.\[\]-]*==", line)]
    assert len(pinned) > 20
    assert [lines[n] for n in pinned if "--hash=sha256:" not in lines[n] + lines[n + 1]] == []
    assert '"integrity": "sha512-' in (ROOT / "web" / "package-lock.json").read_text()
