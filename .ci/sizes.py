"""The size budgets of docs/contributing.md, and that no import goes in a circle. A function counts from `def` to its
end, docstring left out.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import mean, quantiles

import grimp

PACKAGES = ("config", "rules", "alerts", "listener")
LONGEST_FUNCTION, MEAN_FUNCTION, LONGEST_FILE = 40, 12, 400


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """(name, first line, length) of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node):
                length -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            yield node.name, node.lineno, length


def cycles() -> Iterator[str]:
    """The first modules that import each other in a circle; imports for type checkers alone are left out."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        yield f"import cycle: {' <- '.join(error.args[1])}: part it"


def totals() -> str:
    """Test lines beside code lines, and how many packages the program needs."""
    code, tests = (
        sum(len(path.read_text(encoding="utf-8").splitlines()) for folder in folders for path in folder.rglob("*.py"))
        for folders in (map(Path, PACKAGES), [Path("tests")])
    )
    needed = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return f"tests/code {tests / code:.2f}; {len(needed)} direct dependencies"


def main() -> int:
    lengths, lines, found = [], [], list(cycles())
    paths = sorted(path for package in PACKAGES for path in Path(package).rglob("*.py"))
    for path in paths:
        text = path.read_text(encoding="utf-8")
        count = len(text.splitlines())
        lines.append(count)
        if count > LONGEST_FILE:
            found.append(f"{path}: {count} lines, at most {LONGEST_FILE}: split it")
        for name, line, length in functions(ast.parse(text)):
            lengths.append(length)
            if length > LONGEST_FUNCTION:
                found.append(f"{path}:{line}: {name} has {length} lines, at most {LONGEST_FUNCTION}: split it")
    if mean(lengths) > MEAN_FUNCTION:
        found.append(f"functions have {mean(lengths):.1f} lines on average, at most {MEAN_FUNCTION}")
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    p95 = quantiles(lengths, n=20)[-1]
    print(
        f"{len(paths)} files, {sum(lines)} lines, longest {max(lines)}; {len(lengths)} functions:"
        f" mean {mean(lengths):.1f}, p95 {p95:.0f}, longest {max(lengths)}; {totals()}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
