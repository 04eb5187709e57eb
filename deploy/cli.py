"""The command `quntuan`."""

import argparse
import sys
from collections.abc import Callable, Sequence

from deploy.commands import (
    accounts,
    backup,
    bundle,
    compose,
    doctor,
    images,
    keys,
    prepare,
    repair,
    reset,
    setup,
    up,
)
from deploy.commands.common import CommandError
from deploy.local.demo import DemoSettingError
from deploy.local.home import ForeignFolderError
from deploy.local.leftovers import AlreadyRunningError
from deploy.local.ports import PortTakenError
from shared.kit.settled import OtherProfileError
from shared.kit.testing.process import ServerError

Run = Callable[[argparse.Namespace], int]
Add = Callable[[argparse.ArgumentParser], None]


def no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Most commands are told nothing."""


COMMANDS: dict[str, tuple[Run, Add, str]] = {
    "up": (up.run, no_arguments, "启动整套系统,Ctrl-C 停止 / start the suite, Ctrl-C stops it"),
    "reset": (reset.run, reset.add, "清空本机数据 / forget all local data"),
    "migrate": (prepare.migrate, no_arguments, "更新数据库结构 / bring the databases up to date"),
    "provision": (prepare.provision, no_arguments, "更新消息总线 / update the bus, let newcomers join"),
    "images": (images.run, images.add, "构建容器镜像 / build the container images"),
    "bundle": (bundle.run, bundle.add, "离线安装包 / everything for a server without a network"),
    "setup": (setup.run, setup.add, "生成密码、密钥、证书 / make passwords, keys, certificates of a server"),
    "backup": (backup.backup, backup.add_backup, "立即备份数据库 / back the databases up now"),
    "restore": (backup.restore, backup.add_restore, "恢复数据库 / bring the databases back"),
    "accounts": (
        accounts.run,
        accounts.add,
        "首批账号、找回系统管理员 / the first accounts, an administrator's way back in",
    ),
    "keys": (keys.run, keys.add, "站点钥匙:准入、更换、吊销 / keys of sites: admit, replace, revoke"),
    "compose": (
        compose.run,
        compose.add,
        "docker compose,带本机设置 / docker compose with this server's settings",
    ),
    "doctor": (
        doctor.run,
        compose.add_server,
        "检查各服务、总线、数据库、磁盘 / what is well, what is not, what to do",
    ),
    "recount": (
        repair.recount,
        compose.add_server,
        "同各组织对账并修复差异 / compare the hub with the owners, put right what differs",
    ),
    "rebuild": (
        repair.rebuild,
        compose.add_server,
        "从各组织重建协同平台的数据,查询不中断 / fill the hub anew, lookups go on",
    ),
}
EXPECTED = (
    CommandError,
    DemoSettingError,
    ForeignFolderError,
    AlreadyRunningError,
    PortTakenError,
    OtherProfileError,
    ServerError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub command; expected failures are a clear word and code 1."""
    parser = argparse.ArgumentParser(prog="quntuan", description="大群团 Quntuan")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (run, add, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        add(command)
        command.set_defaults(run=run)
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
