"""Which port everything listens on, and a clear word when one is taken."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.kit.testing.process import port_taken

SERVICES = {"hub": 8000, "union": 8001, "league": 8002, "womens": 8003}
FIRST_OTHER = 8004
SERVERS = {"postgres": 15432, "nats": 14222, "nats_monitor": 18222}


class PortTakenError(Exception):
    """Names the port, who wanted it, and the setting that moves it."""


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1 by name: `hub`, `union`, ..., `postgres`, `nats`, `nats_monitor`."""

    by_name: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.by_name[name]

    def check_free(self) -> None:
        """Raise with every taken port at once."""
        taken = [name for name, port in self.by_name.items() if port_taken(port)]
        if taken:
            raise PortTakenError("\n".join(self._complaint(name) for name in taken))

    def _complaint(self, name: str) -> str:
        port, setting = self.by_name[name], setting_of(name)
        return (
            f"端口 {port}({name})已被别的程序占用。请关闭它,或换一个端口:\n"
            f"Port {port} ({name}) is taken. Stop what uses it, or choose another:\n"
            f"    {setting}={port + 1000} make up"
        )


def setting_of(name: str) -> str:
    """The environment variable that moves a port, for example QUNTUAN_HUB_PORT."""
    return f"QUNTUAN_{name.upper()}_PORT"


def ports(codes: Sequence[str]) -> Ports:
    """The defaults, newcomers after them, each overridden by its setting."""
    others = sorted(code for code in codes if code not in SERVICES)
    default = {
        **{code: SERVICES[code] for code in codes if code in SERVICES},
        **{code: FIRST_OTHER + number for number, code in enumerate(others)},
        **SERVERS,
    }
    chosen = {name: _chosen(name, port) for name, port in default.items()}
    _refuse_shared(chosen)
    return Ports(chosen)


def codes_in(services: Path) -> list[str]:
    """Every service by its folder; also known before anything is installed."""
    return sorted(file.parent.name for file in services.glob("*/service.py"))


def _refuse_shared(chosen: Mapping[str, int]) -> None:
    """One port for two would let the second die again and again."""
    for port in sorted(set(chosen.values())):
        names = [name for name, each in chosen.items() if each == port]
        if len(names) > 1:
            settings = "、".join(setting_of(name) for name in names)
            raise PortTakenError(
                f"端口 {port} 同时设给了 {'、'.join(names)}。请改其中的设置: {settings}\n"
                f"Port {port} is set for {', '.join(names)}. Change one of these settings."
            )


def _chosen(name: str, default: int) -> int:
    value = os.environ.get(setting_of(name), "")
    if not value:
        return default
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise PortTakenError(f"{setting_of(name)}={value} 不是端口号 / is not a port number")
    return int(value)
