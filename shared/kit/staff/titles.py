"""Names of this module's audit actions and of the codes in their details."""

from shared.kit import audit
from shared.kit.audit.titles import describe_values
from shared.kit.staff.roles import ROLES

audit.describe(
    {
        "access.refused": "越权操作被拒绝",
        "staff.signed_in": "登录",
        "staff.sign_in_failed": "登录失败",
        "staff.locked": "账号锁定",
        "staff.signed_out": "退出登录",
        "staff.session_revoked": "结束登录",
        "staff.password_changed": "修改密码",
        "staff.created": "新建账号",
        "staff.changed": "修改账号",
        "staff.disabled": "停用账号",
        "staff.enabled": "启用账号",
        "staff.unlocked": "解除锁定",
        "staff.password_reset": "重置密码",
        "staff.token_created": "新建接口令牌",
        "staff.token_revoked": "停用接口令牌",
    }
)
describe_values("roles", {code: role.title for code, role in ROLES.items()})
describe_values(
    "reason",
    {
        "unknown": "没有这个账号",
        "locked": "账号已锁定",
        "disabled": "账号已停用",
        "password": "密码不正确",
        "permission": "没有这项权限",
        "csrf": "不是从本系统的页面提交",
    },
)
