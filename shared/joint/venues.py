"""Words for the opening and sharing of a venue, on its owner's pages and at the hub."""

HOLIDAYS = {
    "closed": "法定节假日不开放",
    "as_sunday": "法定节假日按周日开放",
    "as_usual": "法定节假日照常开放",
}
SHARES = {"all": "各组织都可预订", "some": "只限列出的组织", "own": "只限本单位"}
APPROVALS = {"nobody": "无须审批，直接生效", "others": "外单位须审批", "everybody": "一律须审批"}
