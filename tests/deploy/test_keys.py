"""Whose servers the hub lets in."""

import json
from pathlib import Path

import pytest

from deploy.topology.keys import public_key
from tests.deploy.folder import files, keys, setup


def test_sites_are_admitted_replaced_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub, union = tmp_path / "hub", tmp_path / "union"
    assert setup(hub, "--site", "hub") == 0
    assert {path.name for path in (hub / "secrets").iterdir()} == {"hub", "jobs", "nats", "postgres", "proxy"}
    assert (
        setup(union, "--site", "union", "--hub", "hub.test:7422", "--hub-ca", str(hub / "authority/ca.crt"))
        == 0
    )
    remote = json.loads((union / "secrets/nats/nats.conf").read_text())["leafnodes"]["remotes"][0]
    assert (remote["urls"], remote["account"]) == (["tls://hub.test:7422"], "UNION")

    def key(*arguments: str) -> str:
        capsys.readouterr()
        assert keys(union, *arguments) == 0
        return capsys.readouterr().out.split()[-1]

    def let_in() -> list[str]:
        config = json.loads((hub / "secrets/nats/nats.conf").read_text())
        return [user["nkey"] for user in config["accounts"]["UNION"]["users"]]

    old = key("show")
    assert keys(hub, "admit", "union", old) == 0
    following = key("new")
    assert keys(hub, "admit", "union", following) == 0
    assert let_in() == [old, following]
    assert key("switch") == following
    seed = json.loads((union / "secrets/nats/nats.conf").read_text())["leafnodes"]["remotes"][0]["nkey"]
    assert seed != remote["nkey"]
    assert keys(hub, "revoke", "union", old) == 0
    assert let_in() == [following]
    assert keys(hub, "revoke", "union", old) == 1
    assert keys(union, "admit", "union", old) == 1


@pytest.mark.parametrize("wrong", ["U", "UABC", "whole line", "cut", "typo", "seed"])
def test_what_is_no_public_key_is_not_admitted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    """The bus would not start with it."""
    assert setup(tmp_path / "hub", "--site", "hub") == 0
    before = files(tmp_path / "hub")
    key = public_key(tmp_path / "one.nk")
    shapes = {
        "whole line": f"union {key}",
        "cut": key[:-1],
        "typo": key[:9] + ("A" if key[9] != "A" else "B") + key[10:],
        "seed": (tmp_path / "one.nk").read_text().strip(),
    }
    assert keys(tmp_path / "hub", "admit", "union", shapes.get(wrong, wrong)) == 1
    assert "keys show" in capsys.readouterr().err
    assert files(tmp_path / "hub") == before


def test_an_organisation_is_not_admitted_under_a_mistyped_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = tmp_path / "hub"
    assert setup(hub, "--site", "hub") == 0
    key = public_key(tmp_path / "one.nk")
    before = files(hub)
    for said in (("admit", "unoin", key), ("admit", "Union", key, "--new"), ("revoke", "unoin", key)):
        assert keys(hub, *said) == 1
    assert "union" in capsys.readouterr().err
    assert files(hub) == before
    assert keys(hub, "admit", "disabled", key, "--new") == 0  # a fourth on a server of its own
    assert keys(hub, "admit", "disabled", public_key(tmp_path / "next.nk")) == 0
    before = files(hub)
    assert keys(hub, "admit", "union", key) == 1  # one key under two codes, and the bus would not start
    assert files(hub) == before
