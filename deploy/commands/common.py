"""What the sub commands share."""

from deploy.local.home import Home, home
from deploy.local.leftovers import running
from deploy.local.packages import ServicePackage, discover
from deploy.local.ports import Ports, ports
from deploy.local.suite import Say, Suite


class CommandError(Exception):
    """A clear word instead of a traceback."""


def packages() -> list[ServicePackage]:
    """Every service in services/; a clear word when there is none."""
    found = discover()
    if not found:
        raise CommandError("services/ 下没有 service.py / no service found in services/")
    return found


def suite(say: Say) -> Suite:
    """The suite of this checkout's state folder."""
    found = packages()
    return Suite(home(), found, chosen_ports(found), say=say)


def running_suite() -> tuple[Suite, int]:
    """The suite that runs now, and its NATS process; a clear word when none does."""
    pid = running(home(), "NATS")
    if pid is None:
        raise CommandError(
            "系统没有运行,请先 make up;服务器上请加 --state '' / the suite is not running: make up;"
            " on a server of containers add --state ''"
        )
    return suite(print), pid


def chosen_ports(found: list[ServicePackage]) -> Ports:
    return ports([package.code for package in found])


__all__ = ["CommandError", "Home", "chosen_ports", "home", "packages", "running_suite", "suite"]
