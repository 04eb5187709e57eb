"""Words for how a round stands."""

STATUSES = {
    "open": "填报中", "drawn": "已分配，待确认", "confirming": "正在确认", "published": "已公布",
    "cancelled": "已取消",
}  # fmt: skip
