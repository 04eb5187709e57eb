"""Assembles one organisation's service out of the common modules and its own."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.audits import AuditAnchored, AuditSealed
from shared.joint.rounds import other_rounds
from shared.kit.audit.titles import describe, describe_words
from shared.kit.auditors import Elsewhere, auditors
from shared.kit.context import make_kit
from shared.kit.events.engine import Inbox
from shared.kit.ledger import ledger
from shared.kit.module import Module
from shared.kit.ops import ops
from shared.kit.service import Service, Uploads
from shared.kit.settings import Settings
from shared.kit.staff.module import staff
from shared.kit.web import Brand, Find
from shared.org.bookings import bookings
from shared.org.home import home
from shared.org.identity import identity
from shared.org.imports import UPLOAD, imports
from shared.org.kit import OrgKit, make_org_kit
from shared.org.members import members
from shared.org.policy import MembershipPolicy
from shared.org.profile import OrgProfile
from shared.org.recount import recount
from shared.org.rounds import rounds, side_of
from shared.org.scopes import UnitScopes
from shared.org.units import units
from shared.org.venues import venues
from shared.org.venues.pictures import UPLOAD as PHOTO

OwnModule = Callable[[OrgKit], Module]


def org_service(
    settings: Settings, profile: OrgProfile, policy: MembershipPolicy, own: Iterable[OwnModule] = ()
) -> Service:
    """Common modules in the order of the rail, then the organisation's own, then what all services have."""
    kit = make_kit(settings)
    org = make_org_kit(kit, profile, policy)
    modules = (
        home(org),
        members(org),
        units(org),
        venues(org),
        bookings(org),
        rounds(org),
        other_rounds(kit, side_of(org)),
        imports(org),
        *(build(org) for build in own),
        staff(kit, UnitScopes()),
        auditors(kit, Elsewhere(AuditSealed, AuditAnchored, _hub)),
        ops(kit),
        ledger(kit),
    )
    names = tuple(m.name for m in modules)
    return Service(
        kit,
        brand_of(org),
        (*modules, identity(org, names), recount(org, names)),
        inbox=Inbox.of_organisation(profile.code),
        find=Find("/members/search", "查人员：姓名、拼音、手机号、证号", "members.read"),
        uploads=Uploads({"/imports": UPLOAD, "/api/v1/imports": UPLOAD, "/venues/photos": PHOTO}),
    )


async def _hub(_: AsyncSession) -> Sequence[str]:
    """Who keeps the end of an organisation's audit log."""
    return ("hub",)


def brand_of(org: OrgKit) -> Brand:
    """How the service's pages are marked."""
    return Brand(
        code=org.profile.code,
        name=org.name,
        subtitle="工作系统",
        letter=org.profile.letter,
        palette=org.profile.palette,
        hub_url=org.kit.settings.hub_url,
    )


describe({"demo.begun": "开始生成演示数据", "demo.finished": "演示数据已生成"})
describe_words(
    {
        "member": "人员",
        "unit": "单位",
        "import": "导入",
        "demo": "演示数据",
        "lines": "行数",
        "new": "新增",
        "changed": "变更",
        "same": "无变化",
        "refused": "不予写入",
        "written": "已写入",
        "kept": "未撤回",
        "failed": "写入时未成",
        "units": "单位数",
        "venue": "场地",
        "booking": "预订",
        "round": "轮次",
        "wishes": "志愿数",
        "given": "已分配",
        "title": "名称",
    }
)
