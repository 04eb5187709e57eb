"""Manifests, bundle, runbook and alarms speak of the same services, commands and figures."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.cli import main
from deploy.commands.compose import of_server
from deploy.containers.examined import VOLUMES, processes
from deploy.local.packages import ROOT, discover
from deploy.local.suite import GIVES_WAY
from tests.deploy.folder import setup

RUNBOOK = (ROOT / "docs/RUNBOOK.md").read_text()


def test_the_manifests_name_every_service() -> None:
    """A new organisation is not forgotten: its few lines, its line for the monitoring, and what the doctor asks."""
    manifest = (ROOT / "deploy/compose.yaml").read_text()
    site = (ROOT / "deploy/sites/organisation.yaml").read_text()
    monitoring = (ROOT / "deploy/images/prometheus/prometheus.yml").read_text()
    asked = processes(discover())
    assert {process.name for process in asked} == {
        f"{package.code}-{role}" for package in discover() for role in ("web", "worker")
    }
    for process in asked:
        assert process.address == f"http://{process.name}:8000"
        assert f"\n  {process.name}:" in manifest
        assert f"{process.name}:8000" in monitoring
        assert f'aliases: ["${{QUNTUAN_SITE}}-{process.role}"]' in site
    assert all(f'"{name}:{VOLUMES / name}:ro"' in manifest for name in ("pg", "backup", "nats"))


def test_a_worker_outside_of_containers_weighs_what_it_weighs_in_one() -> None:
    """A step of niceness is a quarter."""
    manifest = (ROOT / "deploy/compose.yaml").read_text()
    workers = [
        int(n) for n in re.findall(r"^(?:x-|  hub-)worker:.*cpu_shares: (\d+)", manifest, re.MULTILINE)
    ]
    (contained,) = re.findall(r"^  cpu_shares: (\d+)", manifest, re.MULTILINE)
    assert workers == [workers[0]] * 2
    assert 1 / 1.25 ** int(GIVES_WAY) == pytest.approx(workers[0] / int(contained), rel=0.1)


def test_the_recipe_and_the_manifests_keep_to_the_oldest_engine() -> None:
    recipe = (ROOT / "deploy/images/Dockerfile").read_text()
    assert not recipe.startswith("# syntax")
    steps = "\n".join(line for line in recipe.splitlines() if not line.startswith("#"))
    for too_new in ("<<EOF", "COPY --link", "--start-interval", "ADD --checksum"):
        assert too_new not in steps
    for path in (ROOT / "deploy").rglob("*.yaml"):
        for too_new in ("start_interval", "post_start", "subpath", "ulimits", "privileged"):
            assert too_new not in path.read_text(), path


def test_a_bundle_keeps_the_state_folder_as_a_checkout_does() -> None:
    """Without the key that is carried away; every site that has backups can."""
    assert (
        "--exclude=./recovery.key . | compose run --rm -T backup-state"
        in (ROOT / "deploy/offline/quntuan").read_text()
    )
    for path in (ROOT / "deploy").rglob("*.yaml"):
        manifest = path.read_text()
        assert ("\n  backup:" in manifest) == ("\n  backup-state:" in manifest), path


def test_a_bundle_knows_the_commands_of_the_runbook() -> None:
    """It lies beside them there."""
    asked = set(re.findall(r"`?quntuan ([a-z]+)", RUNBOOK))
    known = set(re.findall(r"(?m)^  ([a-z]+)\)", (ROOT / "deploy/offline/quntuan").read_text()))
    assert len(known) > 7
    assert asked - known == {"images", "bundle"}  # made where there is a network


@pytest.mark.parametrize(
    "line", [*re.findall(r"quntuan compose ([^`#\n]+)", RUNBOOK), "--help", "ps -a -- x"]
)
def test_docker_compose_is_told_all_that_the_runbook_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Options that stand first too."""
    setup(tmp_path)
    monkeypatch.setenv("QUNTUAN_STATE", str(tmp_path))
    told: list[Sequence[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, command: told.append(command))
    words = shlex.split(line)
    main(["compose", *words])
    assert told == [[*of_server(""), *words]]


def test_every_alarm_has_its_line_in_the_runbook() -> None:
    alarms = re.findall(r"alert: (\w+)", (ROOT / "deploy/images/prometheus/alarms.yml").read_text())
    assert len(alarms) > 5
    assert [alarm for alarm in alarms if f"| {alarm} |" not in RUNBOOK] == []


def test_alarms_and_their_page_speak_of_figures_that_processes_tell() -> None:
    folder = ROOT / "deploy/images/prometheus"
    asked = "".join((folder / name).read_text() for name in ("alarms.yml", "consoles/index.html"))
    figures = set(re.findall(r"\bquntuan_\w+", asked))
    assert len(figures) > 8
    source = "".join(path.read_text() for path in (ROOT / "shared/kit").rglob("*.py"))
    assert [figure for figure in figures if f'"{figure}"' not in source] == []
