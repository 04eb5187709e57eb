"""The never-rules hold, and each of them bites: a planted violation is reported."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

VIOLATIONS = {
    "shared-layers": ("shared/kit/planted.py", "import shared.joint.rounds"),
    "shared-is-below": ("shared/kit/planted.py", "import services.hub.service"),
    "services-independent": ("services/league/planted.py", "import services.union.profile"),
    "services-not-deploy": ("services/league/planted.py", "import deploy.services"),
    "hub-knows-no-org": ("services/hub/planted.py", "import shared.org.profile"),
    "contracts-pure": ("shared/contracts/planted.py", "import sqlalchemy"),
    "bus-in-one-place": ("shared/org/planted.py", "import nats"),
    "org-order": ("shared/org/units/planted.py", "import shared.org.members.models"),
    "rules-are-pure": ("services/league/planted/rules.py", "import sqlalchemy"),
    "no-test-servers-in-product": ("services/league/planted.py", "import shared.kit.testing"),
    "no-cycles": ("shared/org/units/planted.py", "import shared.org.home"),
}


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    args = [a for c in contracts for a in ("--contract", c)]
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for name in ("shared", "services", "deploy"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "static", "locale")
        )
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_the_code_keeps_every_rule() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_planted_violation_is_reported(tree: Path, contract: str) -> None:
    path, line = VIOLATIONS[contract]
    planted = tree / path
    made = not planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    if made:
        (planted.parent / "__init__.py").write_text("")
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    try:
        result = lint(tree, contract)
    finally:
        shutil.rmtree(planted.parent) if made else planted.unlink()
    assert result.returncode == 1, result.stdout
    assert "1 broken" in result.stdout


def test_every_contract_has_a_planted_violation() -> None:
    names = [
        line.split("contract:")[1].strip(" ]\n")
        for line in (ROOT / ".importlinter").read_text().splitlines()
        if line.startswith("[importlinter:contract:")
    ]
    assert set(names) == set(VIOLATIONS)
