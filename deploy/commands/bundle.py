"""`quntuan bundle`: one folder with images, manifests and checksums, for a server that reaches no network."""

import argparse
import gzip
import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.commands.common import CommandError
from deploy.containers import images
from deploy.local.packages import ROOT

CHECKSUMS = "SHA256SUMS"
BESIDE = ("deploy/compose.yaml", "deploy/offline/load.sh", "deploy/offline/quntuan", "docs/RUNBOOK.md")
"""In the folder itself; those of sites stand below it as they do in deploy/: they name ../compose.yaml."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="", help="a new folder; default build/bundle-<version>")


def run(arguments: argparse.Namespace) -> int:
    """The images must have been built: quntuan images."""
    folder = Path(arguments.to or ROOT / "build" / f"bundle-{images.release()}").absolute()
    if folder.exists():
        raise CommandError(f"{folder} 已存在 / exists already")
    folder.mkdir(parents=True)
    _save_images(folder / "images.tar.gz")
    for name in BESIDE:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "deploy" / "sites", folder / "sites")
    (folder / "VERSION").write_text(f"version={images.release()}\n", encoding="ascii")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_sum(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="ascii")
    print(
        f"{folder}\n在目标服务器上 / on the server: ./load.sh && ./quntuan setup --domain ...\n"
        f"请告知收件人核对 / tell who receives it: {_sum(folder / CHECKSUMS)}  {CHECKSUMS}"
    )
    return 0


def _save_images(path: Path) -> None:
    """One archive: what images share is in it once. gzip: `docker load` of every engine reads it."""
    tags = [image.tag for image in images.every_image()]
    with subprocess.Popen(["docker", "save", *tags], stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        with gzip.open(path, "wb", compresslevel=5) as packed:
            shutil.copyfileobj(saving.stdout, packed, 1024 * 1024)
    if saving.returncode:
        raise CommandError("请先运行 quntuan images / run quntuan images first")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
