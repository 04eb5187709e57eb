"""What in a migration would break the version before it, which still runs while tables are already new."""

import ast
import re
from collections.abc import Iterator

NARROWS = {
    "drop_table", "drop_column", "drop_constraint", "rename_table", "create_unique_constraint",
    "create_check_constraint", "create_foreign_key", "create_exclude_constraint",
}  # fmt: skip
"""Taken away, or asked of rows the older version writes without knowing."""
ALTERS = {"new_column_name", "type_"}
SQL = re.compile(
    r"\b(drop\s+(table|column|constraint)|rename\s|set\s+not\s+null|alter\s+column\s+\S+\s+(set\s+data\s+)?type\b"
    r"|add\s+constraint)",
    re.IGNORECASE,
)


def narrowing(source: str) -> list[str]:
    """Every step on the way up that takes something away or asks for more, with its line."""
    tree = ast.parse(source)
    texts = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    made = set[str]()
    out = []
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name != "downgrade":
            for call in _operations(function):
                made |= {_text(call.args[0])} if _name(call) == "create_table" else set()
                if why := _why(call, texts, made):
                    out.append(f"{call.lineno}: {why}")
    return out


def _operations(function: ast.FunctionDef) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _is_operation(node)]
    return iter(sorted(calls, key=lambda call: call.lineno))


def _is_operation(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("op", "batch_op")
    )


def _why(call: ast.Call, texts: dict[str, str], made: set[str]) -> str:
    name, given = _name(call), {k.arg: k.value for k in call.keywords}
    if name in NARROWS and not any(_text(argument) in made for argument in call.args[:2]):
        return name
    if name == "alter_column" and (ALTERS & given.keys() or _is_false(given.get("nullable"))):
        return "alter_column to another name, type or not null"
    if name == "create_index" and _is_true(given.get("unique")) and _text(call.args[1]) not in made:
        return "create_index unique on a table that is there"
    if name == "add_column" and _needed(call.args[1]) and _text(call.args[0]) not in made:
        return "add_column that is needed and has no server default"
    if name == "execute":
        parts = list(ast.walk(call))
        said = [_text(part) for part in parts if isinstance(part, ast.Constant)]
        said += [texts.get(part.id, "") for part in parts if isinstance(part, ast.Name)]
        if found := SQL.search(" ".join(said)):
            return f"execute: {found[0]}"
    return ""


def _needed(column: ast.expr) -> bool:
    given = {k.arg: k.value for k in column.keywords} if isinstance(column, ast.Call) else {}
    return _is_false(given.get("nullable")) and "server_default" not in given


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
