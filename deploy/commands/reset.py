"""`quntuan reset`: forget all data of the local suite."""

import argparse

from deploy.commands import common
from deploy.local.leftovers import end_leftovers, only_one

YES = ("yes", "是")


def add(parser: argparse.ArgumentParser) -> None:
    """For scripts: no question."""
    parser.add_argument("--yes", action="store_true", help="不再询问 / do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Refuses while the suite runs; asks before anything goes."""
    home = common.home()
    with only_one(home):
        if not arguments.yes:
            _ask(str(home.root))
        end_leftovers(home)
        home.forget()
    print(f"已清空 / forgotten: {home.root}")
    return 0


def _ask(folder: str) -> None:
    question = (
        f"将删除 {folder} 中的全部数据、密钥和日志,不能恢复。确认请输入 是\n"
        f"All data, keys and logs in {folder} will be gone for good. Type yes to go on: "
    )
    try:
        answer = input(question)
    except EOFError:
        answer = ""
    if answer.strip().casefold() not in YES:
        raise common.CommandError(
            "没有清空,数据原样保留(脚本: make reset YES=1)/ nothing was removed (scripts: make reset YES=1)"
        )
