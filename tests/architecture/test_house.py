"""Rules of the house that are no imports: sizes, names, where Chinese and commits may stand."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.packages import discover, organisations

ROOT = Path(__file__).parents[2]
CODE = sorted(
    p
    for top in ("shared", "services", "deploy")
    for p in (ROOT / top).rglob("*.py")
    if "__pycache__" not in p.parts
)
WRITTEN = [p for p in CODE if "migrations" not in p.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_file_is_longer_than_300_lines() -> None:
    written = WRITTEN + TESTS
    long = {str(p.relative_to(ROOT)): n for p in written if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_no_test_leans_on_another() -> None:
    """What several need stands in a module of its own: a test can be taken away without breaking others."""
    leaning = [
        str(p.relative_to(ROOT))
        for p in TESTS
        if re.search(r"^from tests\.[a-z_.]*\btest_\w+ import", p.read_text(), re.MULTILINE)
    ]
    assert leaning == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(p.relative_to(ROOT)) for p in WRITTEN if not ast.get_docstring(ast.parse(p.read_text()))]
    assert silent == []


def test_only_the_kit_commits() -> None:
    guilty = [
        str(p.relative_to(ROOT))
        for p in WRITTEN
        if ("services" in p.parts or "org" in p.parts)
        and re.search(r"\.(commit|rollback)\(\)", p.read_text())
    ]
    assert guilty == []


def test_no_driver_transactions_beside_sqlalchemy() -> None:
    """A nested driver transaction loses a commit without an error when the server dies (reliability)."""
    guilty = [
        str(p.relative_to(ROOT))
        for p in WRITTEN
        if "testing" not in p.parts
        and "deploy" not in p.parts
        and re.search(r"^\s*(import|from) (psycopg|asyncpg)", p.read_text(), re.MULTILINE)
    ]
    assert guilty == []


CHINESE_NAMES = ("工会", "共青团", "团市委", "妇联", "妇女")


def named(paths: list[Path]) -> list[str]:
    """Where an organisation is named: its code as a string or an attribute, or a word for it."""
    codes = "|".join(organisations(discover()))
    assert {"union", "league", "womens"} <= set(codes.split("|"))
    pattern = re.compile(rf"[\"'](?:{codes})[\"']|{'|'.join(CHINESE_NAMES)}")
    kinds = {".py", ".html", ".css", ".js"}
    return [
        f"{p.relative_to(ROOT)}: {m[0]}"
        for p in paths
        if p.suffix in kinds
        for m in [pattern.search(p.read_text())]
        if m
    ]


def test_the_hub_names_no_organisation() -> None:
    assert named(tracked("services/hub")) == []


def test_what_is_shared_names_no_organisation() -> None:
    assert named(tracked("shared/kit", "shared/joint", "shared/org")) == []


def test_the_search_for_names_bites() -> None:
    planted = ROOT / "services/union/profile.py"
    assert named([planted]) != []


FORBIDDEN = [
    r"pypi\.org",
    r"pythonhosted\.org",
    r"registry\.npmjs",
    r"deb\.debian\.org",
    r"/(work|farm)/",
    r"pyenv[/]versions",
]


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_registry_host_and_no_path_of_a_machine(pattern: str) -> None:
    out = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ".", ":!tests/architecture/test_house.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out.stdout, out.returncode) == ("", 1)


def test_nothing_is_left_to_be_written() -> None:
    out = subprocess.run(
        [
            "git",
            "grep",
            "-nIE",
            r"\b(TODO|FIXME|XXX|raise NotImplementedError|coming soon|尚未实现|待实现)\b",
            "--",
            "*.py",
            "*.html",
            "*.js",
            ":!tests/architecture/test_house.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out.stdout, out.returncode) == ("", 1)


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    out = subprocess.run(
        [
            "git",
            "grep",
            "-nE",
            r"pytest\.(skip|xfail|importorskip)|mark\.(skip|skipif|xfail)",
            "--",
            "tests",
            ":!tests/architecture/test_house.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out.stdout, out.returncode) == ("", 1)


def test_templates_have_no_inline_style_or_script() -> None:
    guilty = []
    for path in [p for top in ("shared", "services") for p in (ROOT / top).rglob("*.html")]:
        text = path.read_text()
        if (
            re.search(r"\sstyle=", text)
            or re.search(r"<script(?![^>]*\bsrc=)", text)
            or re.search(r"\son[a-z]+=", text)
        ):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_no_page_needs_another_host() -> None:
    guilty = [
        f"{p.relative_to(ROOT)}"
        for top in ("shared", "services")
        for p in (ROOT / top).rglob("*")
        if p.suffix in {".html", ".css", ".js"}
        and re.search(r"(src|href|url\()=?[\"']?https?://(?!www\.w3\.org)", p.read_text())
    ]
    assert guilty == []
