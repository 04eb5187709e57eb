"""Names of this module's audit actions."""

from shared.kit import audit

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
