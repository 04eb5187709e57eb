"""Mounts the quality of person links."""

from pathlib import Path

from services.hub.quality import pages
from services.hub.quality.models import Sample
from shared.kit.audit import describe
from shared.kit.audit.titles import describe_values, describe_words
from shared.kit.module import Module

describe(
    {
        "quality.opened": "查看关联质量",
        "quality.drawn": "抽样",
        "quality.sampled": "查看抽样记录",
        "quality.judged": "判断抽样记录",
    }
)
describe_words({"sample": "抽样"})
describe_values("found", {"right": "正确", "wrong": "错误", "unsure": "不确定"})


def quality() -> Module:
    """How good the links are, by samples that stewards judge."""
    return Module(
        name="quality",
        title="关联质量",
        pages=pages.router,
        metadata=(Sample.metadata,),
        templates=Path(__file__).parent / "templates",
    )
