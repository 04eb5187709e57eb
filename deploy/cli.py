"""The command `quntuan`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from deploy.commands import prepare, repair, reset, up
from deploy.commands.common import CommandError
from deploy.local.demo import DemoSettingError
from deploy.local.home import ForeignFolderError
from deploy.local.leftovers import AlreadyRunningError
from deploy.local.ports import PortTakenError
from shared.kit.testing.process import ServerError

COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "up": (up.run, "启动整套系统,Ctrl-C 停止 / start the suite, Ctrl-C stops it"),
    "reset": (reset.run, "清空本机数据 / forget all local data"),
    "migrate": (prepare.migrate, "更新数据库结构 / bring the databases up to date"),
    "provision": (prepare.provision, "更新消息总线,新组织即时加入 / update the bus, let newcomers join"),
    "recount": (
        repair.recount,
        "同各组织对账并修复差异 / compare the hub with the owners, put right what differs",
    ),
    "rebuild": (repair.rebuild, "从各组织重建协同平台的数据,查询不中断 / fill the hub anew, lookups go on"),
}
EXPECTED = (
    CommandError,
    DemoSettingError,
    ForeignFolderError,
    AlreadyRunningError,
    PortTakenError,
    ServerError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub command; expected failures are a clear word and code 1."""
    parser = argparse.ArgumentParser(prog="quntuan", description="大群团 Quntuan")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (run, text) in COMMANDS.items():
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
