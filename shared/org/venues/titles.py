"""Words for what a venue and a service station have."""

from collections.abc import Mapping

from shared.joint import venues

LEVELS = {
    "": "未定级",
    "city": "市级",
    "district": "区县级",
    "subdistrict": "街道、乡镇级",
    "community": "社区、村、企业级",
}
FUNCTIONS = {
    "guidance": "思想引领", "organise": "发展组织", "resources": "整合资源", "needs": "对接需求",
    "rights": "保障权益", "vitality": "激发活力",
}  # fmt: skip
"""六位一体"""
HAVES = {
    "place": "场所", "sign": "标识", "plate": "挂牌", "equipment": "设备", "services": "服务项目",
    "activities": "活动", "atmosphere": "氛围",
}  # fmt: skip
"""七有"""
SERVICES = {
    "found": "建立组织", "recruit": "发展会员", "policy": "政策宣传", "appeals": "诉求收集",
    "legal": "法律咨询", "mediation": "纠纷调解", "jobs": "就业创业", "training": "技能培训",
    "culture": "文体活动", "aid": "困难帮扶", "psychology": "心理关爱", "family": "家庭服务",
    "volunteer": "志愿服务",
}  # fmt: skip
"""十三项服务内容"""
STAFFING = {"": "未定", "one_three_n": "“1+3+N”", "lead_eight": "一家牵头、八家进入"}
WEEKDAYS = "一二三四五六日"
DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOLIDAYS, SHARES, APPROVALS = venues.HOLIDAYS, venues.SHARES, venues.APPROVALS


def choices(kinds: Mapping[str, str], orgs: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Titles of the choices of the form's fields."""
    return {
        "kind": kinds, "level": LEVELS, "holidays": HOLIDAYS, "share": SHARES, "approval": APPROVALS,
        "functions": FUNCTIONS, "services": SERVICES, "staffing": STAFFING,
        "partners": orgs, "lead_org": orgs, "tenants": orgs,
    }  # fmt: skip
