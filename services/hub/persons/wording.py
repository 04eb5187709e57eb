"""Evidence in plain words, from the two records it is about: pure; only masks are shown."""

from services.hub.persons.schemas import Affiliated


def says(rule: str, one: Affiliated, other: Affiliated) -> str:
    """Why the rule holds of these two."""
    names = one.name if one.name == other.name else f"{one.name}、{other.name}"
    if rule in ("R1", "R1N"):
        number = _tail(one.identity_mask or other.identity_mask)
        if rule == "R1N":
            return f"身份证号一致（尾号{number}），但姓名不同（{names}），请核对是否改过名或录错"
        if one.name == other.name:
            return f"身份证号一致（尾号{number}），姓名一致（{names}）"
        return f"身份证号一致（尾号{number}），姓名写法不同但相符（{names}）"
    phone = _tail(one.phone_mask or other.phone_mask)
    if rule == "R2":
        return f"姓名、出生日期和手机号（尾号{phone}）都一致，身份证号没有矛盾"
    if rule == "R3":
        return f"出生日期、性别和手机号（尾号{phone}）一致，姓名差一个字（{names}）"
    return _without_number(names, one, other)


def _without_number(names: str, one: Affiliated, other: Affiliated) -> str:
    if one.identity_mask is None and other.identity_mask is None:
        return f"姓名（{names}）、出生日期和性别一致，双方都没有登记身份证号"
    return f"姓名（{names}）、出生日期和性别一致，其中一方没有登记身份证号"


def against(one: Affiliated, other: Affiliated) -> list[str]:
    """What makes it doubtful."""
    out = []
    if one.identity_mask is None and other.identity_mask is None:
        out.append("双方都没有登记证件号，无法直接比对")
    elif one.identity_mask is None or other.identity_mask is None:
        out.append("有一方没有登记证件号，无法直接比对")
    elif _tail(one.identity_mask) != _tail(other.identity_mask):
        out.append("证件号尾号不同")
    if one.phone_mask and other.phone_mask and one.phone_mask != other.phone_mask:
        out.append("登记的手机号不同")
    if one.name != other.name:
        out.append("姓名写法不同")
    if one.district and other.district and one.district != other.district:
        out.append("所在区县不同")
    if one.org == other.org:
        out.append("两条记录来自同一个组织")
    return out


def _tail(mask: str | None) -> str:
    return mask[-4:] if mask else "—"
