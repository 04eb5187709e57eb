"""Makes .venv and installs the locked packages when missing or changed. Standard library only."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"


def main(arguments: Sequence[str]) -> int:
    """Nothing to do is the usual case and takes no time. `up`: what follows wants its ports."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is known to be new enough
        print("需要 Python 3.11 以上 / Python 3.11 or newer: make PYTHON=python3.12 up", file=sys.stderr)
        return 1
    python = VENV / "bin" / "python"
    if "up" in arguments and not installed(python) and (complaint := ports_complaint()):
        print(complaint, file=sys.stderr)
        return 1
    if not runs(python):
        print("正在创建 .venv / making .venv", flush=True)
        if not make_venv():
            return 1
    if not installed(python):
        install(python)
        STAMP.write_text(fingerprint(), encoding="ascii")
    return 0


def installed(python: Path) -> bool:
    """Whether everything the lock names is there."""
    return python.exists() and STAMP.exists() and STAMP.read_text(encoding="ascii") == fingerprint()


def ports_complaint() -> str:
    """What is wrong with the ports, told before a minute of installing; empty when they are free."""
    sys.path.insert(0, str(ROOT))
    from deploy.local import ports  # noqa: PLC0415 - found only now; needs nothing installed

    try:
        ports.ports(ports.codes_in(ROOT / "services")).check_free()
    except ports.PortTakenError as error:
        return str(error)
    return ""


def make_venv() -> bool:
    """A whole environment or none: Debian's `venv` works only with python3-venv installed."""
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, ImportError):
        shutil.rmtree(VENV, ignore_errors=True)
        print(
            "创建 .venv 失败。Debian 请先安装: apt-get install python3-venv\n"
            "Making .venv failed. On Debian: apt-get install python3-venv",
            file=sys.stderr,
        )
        return False
    return True


def runs(python: Path) -> bool:
    """Whether the environment is whole: it may have been moved, upgraded away, or left half made."""
    try:
        return subprocess.run([python, "-c", "import pip"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def fingerprint() -> str:
    """Changes with the lock, the project file and the interpreter."""
    parts = [(ROOT / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")]
    return hashlib.sha256(b"\0".join([*parts, sys.version.encode()])).hexdigest()


def install(python: Path) -> None:
    """Exactly the lock, then the project itself; dependencies are the lock's business."""
    print("正在安装依赖,约一分钟 / installing packages, about a minute", flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps"]
    environment = {**os.environ, "PIP_NO_INPUT": "1"}
    for arguments in (
        ["--require-hashes", "-r", "requirements.lock"],
        ["--no-build-isolation", "--editable", "."],
    ):
        subprocess.run([*pip, *arguments], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        print(f"安装失败,见上面的信息 / installing failed: {error.cmd[:4]}", file=sys.stderr)
        sys.exit(1)
