"""`quntuan migrate` and `quntuan provision`: one part of `up`, against the state folder's own servers."""

import argparse
import asyncio

from deploy.commands import common
from deploy.local import postgres
from deploy.local.leftovers import only_one


def migrate(_arguments: argparse.Namespace) -> int:
    """Databases, roles and tables of every service, with a PostgreSQL of its own for the moment."""
    with only_one(common.home()):
        suite = common.suite(print)
        try:
            suite.postgres.start()
            codes = [package.code for package in suite.packages]
            asyncio.run(postgres.ensure_databases(suite.postgres, suite.home, codes))
            suite.migrate()
        finally:
            suite.postgres.stop()
    print(f"数据库结构已是最新 / databases are up to date: {', '.join(codes)}")
    return 0


def provision(_arguments: argparse.Namespace) -> int:
    """Accounts, streams, sources, consumers: a new organisation joins a running suite without a restart."""
    suite, pid = common.running_suite()
    asyncio.run(suite.bus.join_running(pid))
    print(f"消息总线已是最新 / the bus is up to date: {', '.join(suite.bus.codes)}")
    return 0
