"""`quntuan setup` and `quntuan keys`: what is made, for whom, and that nothing is ever replaced."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509

from deploy.cli import main
from deploy.commands.compose import of_server
from deploy.containers import certificates, state
from deploy.containers.state import State
from deploy.local.packages import discover
from deploy.topology.keys import public_key
from tests.deploy.folder import files, keys, setup
from tests.deploy.machine import WORD, machine


def test_every_service_gets_its_own_secrets_and_the_hub_no_match_key(tmp_path: Path) -> None:
    assert setup(tmp_path) == 0
    own = {"database", "secret-key", "seed"}
    for package in discover():
        names = {path.name for path in (tmp_path / "secrets" / package.code).iterdir()}
        assert names == (own | {"match-key"} if package.organisation else own)
    made = files(tmp_path / "secrets")
    assert made["union/match-key"] == made["league/match-key"]
    assert len({made[f"{p.code}/secret-key"] for p in discover()}) == len(discover())
    assert made["postgres/recipient"] == "age1test\n"
    assert "AGE-SECRET" not in str(made)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    certificate = x509.load_pem_x509_certificate(made["proxy/server.crt"].encode())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.DNSName) == ["*.quntuan.localhost", "quntuan.localhost"]


def test_a_second_setup_replaces_nothing(tmp_path: Path) -> None:
    setup(tmp_path)
    first = files(tmp_path)
    assert setup(tmp_path) == 0
    assert files(tmp_path) == first


def certificates_in(made: Mapping[str, str]) -> dict[str, x509.Certificate]:
    found = {name: text for name, text in made.items() if name.endswith("server.crt")}
    return {name: x509.load_pem_x509_certificate(text.encode()) for name, text in found.items()}


def test_certificates_are_renewed_and_all_else_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the hub those of its bus on three servers too: organisations trust them as before; one brought along stays."""
    site = ("--site", "hub", "--domain", "dqt.test", "--node", "hub-1", "--node", "hub-2", "--node", "hub-3")
    hub = tmp_path / "hub"
    setup(hub, *site)
    first = files(hub)
    assert setup(hub, "--renew-certificates") == 0
    second = files(hub)
    changed = {name for name in first if first[name] != second[name]}
    folders = ["secrets/proxy", "secrets/nats", *(f"nodes/hub-{n}.dqt.test/secrets/nats" for n in (2, 3))]
    assert changed == {f"{folder}/server.{end}" for folder in folders for end in ("crt", "key")}
    assert first.keys() == second.keys()
    authority = x509.load_pem_x509_certificate(second["authority/ca.crt"].encode())
    for name, certificate in certificates_in(second).items():
        certificate.verify_directly_issued_by(authority)
        assert certificate.not_valid_after_utc >= certificates_in(first)[name].not_valid_after_utc
    capsys.readouterr()
    node = hub / "nodes/hub-2.dqt.test"
    assert main(["setup", "--state", str(node), "--renew-certificates"]) == 1
    assert "the first server" in capsys.readouterr().err

    monkeypatch.setattr(certificates, "AUTHORITY", "Somebody's authority")
    certificates.ensure(tmp_path / "theirs", bought := tmp_path / "bought", ["hub.dqt.test"])
    monkeypatch.undo()
    for end in ("crt", "key"):
        state.copy(bought / f"server.{end}", hub / f"secrets/proxy/server.{end}")
    assert setup(hub, "--renew-certificates") == 0
    assert "left alone" in capsys.readouterr().out
    third = files(hub)
    assert third["secrets/proxy/server.crt"] == (bought / "server.crt").read_text()
    assert third["secrets/nats/server.crt"] != second["secrets/nats/server.crt"]


def test_a_second_setup_keeps_what_was_said_and_the_operators_own_lines(tmp_path: Path) -> None:
    """As an upgrade runs it: without a word."""
    (tmp_path / "hub-ca").write_text("the hub's authority\n")
    hub = ("--hub", "one.test:7422", "--hub", "two.test:7422", "--hub-ca", str(tmp_path / "hub-ca"))
    setup(tmp_path, "--site", "union", *hub, "--domain", "dqt.test", "--port", "443", "--synthetic")
    with (tmp_path / "env").open("a") as env:
        env.write("QUNTUAN_PG_MEMORY=8G\n")
    first = files(tmp_path)
    assert {
        "QUNTUAN_DOMAIN=dqt.test",
        "QUNTUAN_PUBLIC_PORT=",
        "QUNTUAN_MANIFEST=sites/organisation.yaml",
    } <= set(first["env"].splitlines())
    assert setup(tmp_path) == 0
    second = files(tmp_path)
    assert sorted(second.pop("env").splitlines()) == sorted(first.pop("env").splitlines())
    assert second == first
    assert setup(tmp_path, "--domain", "other.test") == 0
    assert "QUNTUAN_DOMAIN=other.test\n" in files(tmp_path)["env"]
    assert "QUNTUAN_PG_MEMORY=8G\n" in files(tmp_path)["env"]


def test_compose_is_told_the_state_folder_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says, and however it says it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUNTUAN_STATE", "named")
    for named, meant in (("", "named"), ("other", "other")):
        setup(tmp_path / meant)
        assert of_server(named)[:2] == ["env", f"QUNTUAN_STATE={tmp_path / meant}"]


def test_a_file_that_was_not_brought_along_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca").write_text("the hub's authority\n")
    for given in (("--hub-ca", "not-here"), ("--hub-ca", str(tmp_path / "ca"), "--match-key", "not-here")):
        assert setup(tmp_path, "--site", "union", "--hub", "hub.test:7422", *given) == 1
        assert "no such file: not-here" in capsys.readouterr().err


def test_what_a_server_is_and_its_match_key_are_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    union, all_in_one, hub = tmp_path / "union", tmp_path / "all", tmp_path / "hub"
    (tmp_path / "first").write_text("the match key of the first organisation\n")
    (tmp_path / "other").write_text("another\n")
    authority = str(tmp_path / "all/authority/ca.crt")
    assert setup(all_in_one) == 0
    site = ("--site", "union", "--hub", "hub.test:7422", "--hub-ca", authority)
    assert setup(union, *site, "--match-key", str(tmp_path / "first")) == 0
    assert setup(hub, "--site", "hub", "--node", "a", "--node", "b", "--node", "c") == 0
    for folder, said in (
        (union, ("--match-key", str(tmp_path / "other"))),
        (union, ("--site", "league")),
        (all_in_one, ("--site", "hub")),
        (hub, ("--node", "a", "--node", "b", "--node", "d")),
    ):
        before = files(folder)
        capsys.readouterr()
        assert setup(folder, *said) == 1
        assert "another" in capsys.readouterr().err
        assert files(folder) == before
    assert setup(union, *site, "--match-key", str(tmp_path / "first")) == 0  # the same once more
    moved = ("--hub", "hub-2.test:7422")
    assert setup(union, *moved) == 0
    remote = json.loads((union / "secrets/nats/nats.conf").read_text())["leafnodes"]["remotes"][0]
    assert remote["urls"] == ["tls://hub-2.test:7422"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--listen", "10.0.0.300"), "--listen"),
        (("--port", "99999"), "--port"),
        (("--domain", "foo bar"), "--domain"),
        (("--site", "union", "--hub", "no port"), "no port"),
        (("--site", "union"), "--hub-ca"),
        (("--site", "hub", "--match-key", "KEY"), "must not have"),
        (("--hub", "hub.test:7422"), "organisation's site"),
        (("--node", "a", "--node", "b", "--node", "c"), "for the hub's site"),
        (("--match-key", "PICTURE"), "not the file"),
    ],
)
def test_what_no_server_can_have_is_refused_and_nothing_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: tuple[str, ...], said: str
) -> None:
    (tmp_path / "KEY").write_text("a match key\n")
    (tmp_path / "PICTURE").write_bytes(b"\xff\xd8\x00")
    given = [str(tmp_path / word) if word.isupper() else word for word in asked]
    assert setup(tmp_path / "state", *given) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "state" / "env").exists()


def test_a_hub_on_three_servers_moves_to_another_domain(tmp_path: Path) -> None:
    """With the servers named again, or not: routes and certificates are of the same names."""
    named = ("--node", "hub-1", "--node", "hub-2", "--node", "hub-3")
    assert setup(tmp_path, "--site", "hub", "--domain", "a.test", *named) == 0
    for domain, again in (("b.test", ()), ("c.test", named)):
        assert (
            main(["setup", "--state", str(tmp_path), "--domain", domain, *again, "--renew-certificates"]) == 0
        )
        routes = json.loads((tmp_path / "secrets/nats/nats.conf").read_text())["cluster"]["routes"]
        assert routes == [f"nats-route://hub-{n}.{domain}:6222" for n in (2, 3)]
        certificate = x509.load_pem_x509_certificate((tmp_path / "secrets/nats/server.crt").read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert f"*.{domain}" in names.get_values_for_type(x509.DNSName)


def test_the_recovery_key_is_spoken_of_as_long_as_it_is_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(tmp_path) == 0
    assert "Carry recovery.key away" in capsys.readouterr().out
    (tmp_path / "recovery.key").unlink()
    assert main(["setup", "--state", str(tmp_path)]) == 0
    assert "recovery.key" not in capsys.readouterr().out


def test_a_hub_on_three_servers_makes_the_state_folders_of_the_others(tmp_path: Path) -> None:
    names = [f"hub-{number}.dqt.test" for number in (1, 2, 3)]
    named = ("--node", "hub-1", "--node", "hub-2", "--node", "hub-3")
    assert setup(tmp_path / "two", "--site", "hub", *named[:4]) == 1
    hub = tmp_path / "hub"
    assert setup(hub, "--site", "hub", "--domain", "dqt.test", *named) == 0
    key = public_key(tmp_path / "union.nk")
    assert keys(hub, "admit", "union", key) == 0
    folders = [hub, *(hub / "nodes" / name for name in names[1:])]
    configs = [json.loads((folder / "secrets/nats/nats.conf").read_text()) for folder in folders]
    assert [config["server_name"] for config in configs] == names
    for config, name in zip(configs, names, strict=True):
        others = [f"nats-route://{other}:6222" for other in names if other != name]
        assert config["cluster"]["routes"] == others
        assert config["accounts"]["UNION"]["users"][0]["nkey"] == key
    node = folders[1].rename(tmp_path / "carried")
    assert main(["setup", "--state", str(node)]) == 0
    assert {path.name for path in (node / "secrets").iterdir()} == {"nats"}
    env = (node / "env").read_text()
    assert "QUNTUAN_MANIFEST=sites/hub-node.yaml\n" in env
    assert f"QUNTUAN_STATE={node}\n" in env


def test_a_wiped_machine_gets_its_passwords_and_keys_back(tmp_path: Path) -> None:
    """As the runbook says it; the key that reads them is not among them."""
    here, there = State(tmp_path / "here"), State(tmp_path / "there")
    assert setup(here.root) == 0
    made = files(here.root)
    assert made.pop("recovery.key")
    with machine() as server:
        assert server.run("quntuan-backup", "state", given="torn").returncode != 0
        kept = server.run("quntuan-backup", "state", given=here.packed().decode())
        assert kept.returncode == 0, kept.stderr
        (sealed,) = (server.folder / "backup/state").glob("*.tar.age")
        opened = server.run("age", "--decrypt", "-i", "-", str(sealed), given=WORD)
        assert opened.returncode == 0, opened.stderr
    there.root.mkdir()
    subprocess.run(["tar", "-xp", "-C", there.root], input=opened.stdout.encode(), check=True)
    assert files(there.root) == made
    assert there.root.stat().st_mode & 0o777 == 0o700
    assert main(["setup", "--state", str(there.root)]) == 0
    assert files(there.root / "secrets") == files(here.root / "secrets")
    assert f"QUNTUAN_STATE={there.root}\n" in there.env.read_text()


@pytest.mark.parametrize(
    "command", ["recount", "rebuild", "doctor", "backup", "keys show", "restore --key x"]
)
def test_what_is_done_to_a_server_wants_one_that_was_set_up(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *more = command.split()
    assert main([name, "--state", str(tmp_path), *more]) == 1
    assert "quntuan setup" in capsys.readouterr().err


def test_a_key_that_was_not_brought_along_is_named_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup(tmp_path)
    assert main(["restore", "--state", str(tmp_path), "--key", "not-here"]) == 1
    assert "no such file: not-here" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recount", "rebuild"])
def test_the_hub_is_not_repaired_from_an_organisations_server(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setup(tmp_path / "hub", "--site", "hub")
    authority = str(tmp_path / "hub/authority/ca.crt")
    setup(tmp_path / "union", "--site", "union", "--hub", "hub.test:7422", "--hub-ca", authority)
    assert main([command, "--state", str(tmp_path / "union")]) == 1
    assert "the hub's own server" in capsys.readouterr().err
