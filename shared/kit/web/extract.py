"""Which texts of Python files are shown to people: for pybabel, which collects them (see babel.cfg).

Python texts are translated when they are shown (filter `tr`), so no call marks them: every Chinese text
is one, but for words that are compared with data (aliases, patterns, surnames). `f"{n} 人"` is `{0} 人`.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

HAN = re.compile("[\u4e00-\u9fff]")
DATA_CALLS = {"re.compile", "re.sub", "_table", "replace", "endswith", "startswith", "removesuffix", "Rule"}
DATA_KEYWORDS = {
    "aliases",
    "json_schema_extra",
    "abbreviations",
    "description",
    "name",
    "short_name",
    "letter",
    "source",
}
DATA_NAMES = re.compile("^(KIND_WORDS|_EXAMPLE|KEEP|_HAN|city)$")

Found = tuple[int, str, str | tuple[str, ...], list[str]]


def texts(
    fileobj: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Babel's extraction method: line, function, message, comments."""
    del keywords, comment_tags, options
    found = _Texts()
    found.visit(ast.parse(fileobj.read()))
    for line, text in found.out:
        yield line, "", text, []


class _Texts(ast.NodeVisitor):
    """Walks a module and keeps the texts; what is data is not entered."""

    def __init__(self) -> None:
        self.out: list[tuple[int, str]] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned(node.targets[0], node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned(node.target, node.value)

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if not DATA_NAMES.search(ast.unparse(target)):
            self.visit(value)

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name in DATA_CALLS or name.rpartition(".")[2] in DATA_CALLS:
            return
        for part in node.args:
            self.visit(part)
        for keyword in node.keywords:
            if keyword.arg not in DATA_KEYWORDS:
                self.visit(keyword.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:  # keys are looked up, not shown
            self.visit(value)

    def visit_Set(self, node: ast.Set) -> None:
        """Words that are compared."""

    def visit_Compare(self, node: ast.Compare) -> None:
        """Words that are compared."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and HAN.search(node.value):
            self.out.append((node.lineno, node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text, holes = "", 0
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
                continue
            text, holes = f"{text}{{{holes}}}", holes + 1
            self.visit(part)
        if HAN.search(text):
            self.out.append((node.lineno, text))
