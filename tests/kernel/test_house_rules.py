"""Rules every file of the package keeps: short files and functions, and no float near money."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yantuan

PACKAGE = Path(yantuan.__file__).parent
MAX_LINES = 400
MAX_FUNCTION_LINES = 40
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in FILES:
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text())


def _names(node: ast.AST) -> set[str]:
    """Every name and attribute inside a node."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def _is_money(node: ast.AST) -> bool:
    return any(name == "fen" or name.endswith("_fen") for name in _names(node))


def _is_float_use(node: ast.AST) -> bool:
    """Whether a node divides money, turns it into a float, declares it as one, or keeps a float in the database."""
    match node:
        case ast.BinOp(op=ast.Div()):
            # Decimal divides exactly.
            return _is_money(node) and "Decimal" not in _names(node)
        case ast.Call():
            return "float" in _names(node.func) and _is_money(node)
        case ast.AnnAssign():
            return "float" in _names(node.annotation) and _is_money(node.target)
        case ast.arg(annotation=ast.expr() as kind):
            return "float" in _names(kind) and node.arg.endswith("fen")
        case ast.Attribute():
            return node.attr == "FloatField"
    return False


def _float_uses(tree: ast.Module) -> list[int]:
    return [getattr(node, "lineno", 0) for node in ast.walk(tree) if _is_float_use(node)]


def test_files_and_functions_stay_short() -> None:
    long = [f"{path.name}: {n}" for path in FILES if (n := path.read_text().count("\n")) > MAX_LINES]
    for name, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES:
                long.append(f"{name}: {node.name}")
    assert long == []


def test_no_float_touches_money() -> None:
    assert [f"{name}:{line}" for name, tree in _trees() for line in _float_uses(tree)] == []


def test_the_rule_sees_a_float() -> None:
    for text in (
        "yuan = total_fen / 100",
        "x = float(order.total_fen)",
        "price_fen: float = 1",
        "def f(amount_fen: float) -> None: ...",
        "rate = models.FloatField()",
    ):
        assert _float_uses(ast.parse(text)) == [1], text
    assert _float_uses(ast.parse("share = total_fen // 100\nratio = done / whole")) == []


def test_no_two_files_of_tests_share_a_name() -> None:
    """Python would take the second for the first, and the whole suite could not be collected."""
    names = Counter(path.name for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
