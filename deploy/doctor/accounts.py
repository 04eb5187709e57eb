"""Whether somebody can manage the accounts of every service."""

from collections.abc import Mapping

from deploy.accounts.making import AWAY, appointed, without_administrator
from deploy.doctor.findings import Finding

WHAT = "账号 / accounts"


async def administrators(environments: Mapping[str, Mapping[str, str]], state: str = "") -> list[Finding]:
    """One line; none when the database does not answer, which is a line of its own."""
    try:
        found = await appointed(environments)
    except AWAY:
        return []
    missing = without_administrator(environments, found)
    if not missing:
        return [Finding("ok", WHAT, "都有系统管理员 / every service has an administrator")]
    said = f"没有系统管理员 / no administrator: {'、'.join(missing)}"
    return [Finding("bad", WHAT, said, f"quntuan accounts{state} new <账号 login> <姓名 name>")]
