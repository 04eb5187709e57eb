"""`quntuan reset`: forget all data of the local suite."""

import argparse

from deploy.commands import common
from deploy.local.leftovers import end_leftovers, only_one


def run(_arguments: argparse.Namespace) -> int:
    """Refuses while the suite runs."""
    home = common.home()
    with only_one(home):
        end_leftovers(home)
        home.forget()
    print(f"已清空 / forgotten: {home.root}")
    return 0
