"""The numbers of access control, dated and with their source, and the password policy. Pure decisions."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class AccessRules:
    """One set of numbers, valid from a day on."""

    valid_from: date
    source: str
    failures: int
    lock: timedelta
    idle: timedelta
    absolute: timedelta
    password_least: int
    password_most: int
    token_most: timedelta


RULES = (
    AccessRules(
        valid_from=date(2019, 12, 1),
        source=(
            "GB/T 22239-2019 第三级 8.1.4.1 身份鉴别（限制非法登录次数、超时自动退出；数值由本单位确定）；"
            "口令偏离：按 OWASP ASVS 5.0 V6.2.5、V6.2.10 不强制字符组合和定期更换，改为至少12位加常见口令名单"
        ),
        failures=5,
        lock=timedelta(minutes=15),
        idle=timedelta(minutes=30),
        absolute=timedelta(hours=12),
        password_least=12,
        password_most=128,
        token_most=timedelta(days=366),
    ),
)


def rules_on(day: date) -> AccessRules:
    """The numbers valid on a day."""
    return next((r for r in reversed(RULES) if r.valid_from <= day), RULES[0])


def is_live(now: datetime, last_seen: datetime, expires: datetime, idle: timedelta) -> bool:
    """Whether a session still counts: used within the idle time and not past its absolute end."""
    return now < expires and now - last_seen < idle


# Words that passwords of offices here are made of: what is left without them must still be varied.
_COMMON = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "admin",
    "administrator",
    "welcome",
    "letmein",
    "iloveyou",
    "woaini",
    "dragon",
    "monkey",
    "football",
    "superman",
    "master",
    "login",
    "secret",
    "changeme",
    "default",
    "system",
    "manager",
    "root",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "asdfgh",
    "zxcvbnm",
    "1qaz2wsx3edc",
    "1qaz2wsx",
    "qazwsx",
    "1q2w3e4r5t",
    "1q2w3e4r",
    "zhonghua",
    "zhongguo",
    "beijing",
    "chengdu",
    "sichuan",
    "gonghui",
    "gongqingtuan",
    "tuanwei",
    "fulian",
    "qunzhong",
    "quntuan",
    "jincheng",
    "mima",
    "denglu",
    "abc123",
    "abcabc",
    "aini",
    "5201314",
    "1314520",
    "666666",
    "888888",
]
_RUNS = ("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_LEAST_REST = 6


def password_objection(password: str, rules: AccessRules, about: tuple[str, ...] = ()) -> str | None:
    """Why this password is not taken, in Chinese; it must not be made of `about`: login and name."""
    if len(password) < rules.password_least:
        return f"密码至少 {rules.password_least} 位，可以用几个不相干的词连起来"
    if len(password) > rules.password_most:
        return f"密码最多 {rules.password_most} 位"
    rest = password.lower()
    for word in (*[w.lower() for w in about if len(w) > 1], *_COMMON):
        rest = rest.replace(word, "")
    if len(set(rest)) < _LEAST_REST or _in_a_run(rest):
        return "这个密码太常见，或由账号、姓名、重复和连续的字符组成，请换一个"
    return None


def _in_a_run(text: str) -> bool:
    return any(text in run * 3 for run in _RUNS)
