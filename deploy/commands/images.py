"""`quntuan images`: build every image, on a Debian made here from the Debian mirror or on the base named."""

import argparse

from deploy.containers import images


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base", default="", help="a Debian image to build on; without: one is made, no registry"
    )


def run(arguments: argparse.Namespace) -> int:
    """The tags it made, one a line."""
    for tag in images.build(arguments.base):
        print(tag, flush=True)
    return 0
