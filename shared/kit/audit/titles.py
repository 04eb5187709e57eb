"""Names of action codes, objects and details as auditors read them; each module adds its own."""

import re
from collections.abc import Mapping
from typing import Any

_IDENTIFIER = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SYSTEMS = "compared"
"""The detail that lists services by their codes."""
_TITLES: dict[str, str] = {}
_WORDS: dict[str, str] = {}
_VALUES: dict[str, dict[str, str]] = {}


def describe(titles: Mapping[str, str]) -> None:
    """Give action codes their Chinese names, for example `{"venue.closed": "停用阵地"}`."""
    _TITLES.update(titles)


def describe_words(words: Mapping[str, str]) -> None:
    """Give kinds of objects and keys of details their Chinese names, for example `{"venue": "阵地"}`."""
    _WORDS.update(words)


def describe_values(key: str, values: Mapping[str, str]) -> None:
    """Give the codes that stand under a key of a detail their Chinese names."""
    _VALUES.setdefault(key, {}).update(values)


def title(action: str) -> str:
    """The name of an action, or its code when nobody named it."""
    return _TITLES.get(action, action)


def word(code: str) -> str:
    """The name of a kind of object or of a detail, or its code."""
    return _WORDS.get(code, code)


def plain(detail: Mapping[str, Any] | None, systems: Mapping[str, str] = {}) -> list[tuple[str, list[str]]]:
    """Details in words, each with its values; identifiers and nested values stay in the record below them.

    `systems`: names of services by their codes, for the detail that lists these.
    """
    pairs = []
    for key, value in (detail or {}).items():
        if key not in _WORDS or value in (None, "", [], {}) or isinstance(value, dict):
            continue
        if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
            continue
        said = value if isinstance(value, list) else [value]
        said = [systems.get(str(each), each) for each in said] if key == SYSTEMS else said
        pairs.append((_WORDS[key], [_value(key, each) for each in said]))
    return pairs


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return _VALUES.get(key, {}).get(str(value), str(value))


def known() -> dict[str, str]:
    """All named actions, for a filter's list."""
    return dict(sorted(_TITLES.items()))


describe(
    {
        "audit.read": "查看审计日志",
        "audit.exported": "导出审计日志",
        "audit.handed_over": "移交审计材料",
        "audit.verified": "校验审计日志",
    }
)
describe_words(
    {
        "address": "来自",
        "bytes": "字节数",
        "file": "文件",
        "applied": "已处理",
        "checked": "核对条数",
        "failures": "连续输错次数",
        "from": "原为",
        "full": "含完整号码",
        "compared": "与哪些系统比较过",
        "intact": "日志完整",
        "kind": "方式",
        "most": "最多条数",
        "name": "名称",
        "note": "理由",
        "people": "人数",
        "reason": "原因",
        "results": "结果数",
        "roles": "角色",
        "route": "页面",
        "shown": "显示条数",
        "staff": "账号",
        "to": "改为",
        "token": "接口令牌",
        "total": "结果数",
    }
)
