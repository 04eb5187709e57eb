"""A state folder as `quntuan setup` makes it."""

from pathlib import Path

from deploy.cli import main

KEY = "# public key: age1test\nAGE-SECRET-KEY-TEST\n"


def setup(folder: Path, *arguments: str) -> int:
    """With a recovery key brought along: making one needs the images."""
    folder.mkdir(exist_ok=True)
    (folder / "recovery.key").write_text(KEY)
    return main(["setup", "--state", str(folder), *arguments])


def keys(folder: Path, *arguments: str) -> int:
    return main(["keys", "--state", str(folder), *arguments])


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}
