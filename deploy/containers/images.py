"""Which images there are and how they are built; the recipe is deploy/images/Dockerfile."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.containers import wheels
from deploy.local.packages import ROOT, discover

REGISTRY_FREE = "quntuan/debian"
SUITE = "bookworm"
"""The Debian whose Python the wheels of this machine's Python fit."""
SERVERS = ("postgres", "nats", "proxy", "prometheus")


@dataclass(frozen=True)
class Image:
    """One image: its target in the recipe and, for a service, which."""

    name: str
    target: str
    service: str = ""

    @property
    def tag(self) -> str:
        return f"quntuan/{self.name}:{release()}"


def release() -> str:
    """The version of this checkout; every image of it carries the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def every_image() -> list[Image]:
    """The services found in services/, the jobs, the servers."""
    services = [Image(package.code, "service", package.code) for package in discover()]
    return [*services, Image("jobs", "jobs"), *(Image(name, name) for name in SERVERS)]


def build(base: str = "") -> Iterator[str]:
    """Build all on `base`, or on a Debian made from the Debian mirror alone; yields each tag when done."""
    wheels.gather()
    chosen = base or _debian()
    for image in every_image():
        arguments = ["--target", image.target, "--tag", image.tag, "--build-arg", f"BASE_IMAGE={chosen}"]
        if image.service:
            arguments += ["--build-arg", f"SERVICE={image.service}"]
        docker("build", "--quiet", "--file", "deploy/images/Dockerfile", *arguments, ".")
        yield image.tag


def docker(*arguments: str) -> str:
    """Run docker in the checkout; its output."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def _debian() -> str:
    tag = f"{REGISTRY_FREE}:{SUITE}"
    if not docker("images", "--quiet", tag).strip():
        subprocess.run([ROOT / "deploy/images/debian-base.sh", SUITE, tag], check=True)
    return tag
