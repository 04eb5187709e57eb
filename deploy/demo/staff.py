"""Demo logins: the same people in every service, one for each role; synthetic names, one known password."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from deploy.topology.names import HUB as HUB_CODE
from shared.kit.staff import NewAccount, Scope

PASSWORD = "Furong-Hua-Kai-2026"
"""Written in the README and on the screen: for demos only, never for real people."""
DEMO_DISTRICT = "锦江区"


@dataclass(frozen=True)
class DemoLogin:
    """A demo account; `role` is how the table on the screen calls it."""

    login: str
    name: str
    role: str
    roles: tuple[str, ...]
    office: str
    in_district: bool = False


COMMON = (
    DemoLogin("viewer", "沈若溪", "查看 / viewer", ("viewer",), "办公室"),
    DemoLogin("clerk", "顾清和", "经办 / clerk", ("clerk",), "组织部"),
    DemoLogin("approver", "陆望舒", "审批 / approver", ("approver",), "分管领导"),
    DemoLogin("admin", "韩墨言", "系统管理员 / admin", ("admin",), "信息中心"),
    DemoLogin("auditor", "简宁安", "审计员 / auditor", ("auditor",), "纪检室"),
)
ORGANISATION = (
    *COMMON,
    DemoLogin("importer", "夏初临", "导入 / importer", ("importer",), "信息中心"),
    DemoLogin("district", "叶知秋", "区级经办 / district clerk", ("clerk",), DEMO_DISTRICT, in_district=True),
)
HUB = (
    DemoLogin("viewer", "沈若溪", "查看 / viewer", ("viewer",), "联席会议办公室"),
    DemoLogin("clerk", "顾清和", "经办（联席办） / joint office", ("clerk",), "联席会议办公室"),
    DemoLogin("steward", "江晚晴", "经办、审批 / steward", ("clerk", "approver"), "数据管理组"),
    DemoLogin("ops", "韩墨言", "系统管理员 / ops", ("admin",), "信息中心"),
    DemoLogin("auditor", "简宁安", "审计员 / auditor", ("auditor",), "纪检室"),
)


def accounts(logins: Iterable[DemoLogin], district: Scope | None) -> list[NewAccount]:
    """As the staff module wants them; the district's clerk only where there is a district."""
    made = []
    for login in logins:
        if login.in_district and district is None:
            continue
        limit = district if login.in_district else None
        made.append(
            NewAccount(
                login=login.login,
                name=login.name,
                office=login.office,
                roles=login.roles,
                password=PASSWORD,
                scope_path=limit.path if limit else "",
                scope_unit=limit.id if limit else None,
                scope_name=limit.name if limit else "",
            )
        )
    return made


def shown(codes: Collection[str]) -> list[dict[str, str]]:
    """Rows of the table a newcomer sees: who signs in where."""
    organisations = [code for code in codes if code != HUB_CODE]
    rows = [_row(" ".join(organisations), login) for login in ORGANISATION if organisations]
    return rows + [_row(HUB_CODE, login) for login in HUB if HUB_CODE in codes]


def _row(where: str, login: DemoLogin) -> dict[str, str]:
    return {
        "服务 / where": where,
        "账号 / login": login.login,
        "角色 / role": login.role,
        "姓名 / name": login.name,
        "范围 / scope": DEMO_DISTRICT if login.in_district else "全部 / all",
    }
