"""Texts: every message has an English translation; texts of Python are found again with their values."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from shared.kit.web import i18n
from shared.kit.web.extract import texts

ROOT = Path(__file__).parents[2]
HOLES = re.compile(r"\{\d+\}|%\(\w+\)s")
CELL_WORDS = {"男", "女", "是", "否", "转"}
"""Words that people type into a roster stay Chinese inside an English sentence."""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All messages of the repository, collected as the docstring of shared.kit.web says."""
    pot = tmp_path_factory.mktemp("texts") / "quntuan.pot"
    options = ["-q", "extract", "-F", str(ROOT / "shared/kit/web/babel.cfg"), "-o", str(pot), str(ROOT)]
    CommandLineInterface().run(["pybabel", *options])  # type: ignore[no-untyped-call]
    with pot.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (i18n.LOCALE_DIR / "en/LC_MESSAGES/quntuan.po").open("rb") as file:
        return read_po(file, locale="en")


@pytest.fixture
def in_english() -> Iterator[None]:
    i18n.set_locale("en")
    yield
    i18n.set_locale(i18n.DEFAULT)


def test_every_message_is_translated(collected: Catalog, english: Catalog) -> None:
    assert len(collected) > 1000
    missing = [m.id for m in collected if m.id and not (english.get(m.id) and english[m.id].string)]
    assert missing == []


def test_no_translation_is_left_over(collected: Catalog, english: Catalog) -> None:
    assert [m.id for m in english if m.id and m.id not in collected] == []


def test_translations_keep_the_holes_and_no_chinese(english: Catalog) -> None:
    for message in english:
        if not message.id or not isinstance(message.string, str):
            continue
        extra = set(HOLES.findall(message.string)) - set(HOLES.findall(str(message.id)))
        assert not extra, message.id
        left = re.findall("[\u4e00-\u9fff]+", message.string)
        assert set(left) <= CELL_WORDS, message.id


def test_collects_texts_and_leaves_data(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        '"""文档"""\nimport re\nX = re.compile("不是文字")\nY = {"键": "值"}\n'
        'def f(n):\n    raise Refused(f"最多 {n} 人", hint="请重试", aliases=("别名",))\n'
        'Z = n in {"比较"}\n',
        encoding="utf-8",
    )
    with source.open("rb") as file:
        found = [text for _, _, text, _ in texts(file, {}, (), {})]
    assert found == ["值", "最多 {0} 人", "请重试"]


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请先登录", "Sign in first"),
        ("手机号码应为 11 位，现为 9 位", "A mobile number has 11 digits, this has 9"),
        ("没有“甲单位”这个单位", "There is no unit “甲单位”"),
        ("单位名称含有乱码字符", "The unit name contains garbled characters"),
        ("会员，职工", "Member, Worker"),
        ("同名同生日，电话向本人核实", "同名同生日，电话向本人核实"),
        ("王小明", "王小明"),
        ("3次", "3 times"),
        ("冬春季热门时段轮次", "冬春季热门时段轮次"),
        ("请核对号码。", "Check the number."),
        (
            "性别与身份证号码不一致，请核对其中哪一项写错了",
            "Sex and identity number differ; check which one is wrong",
        ),
        ("甲街道联合工会。", "甲街道联合工会。"),
    ],
)
def test_kept_texts_are_translated_when_shown(said: str, shown: str) -> None:
    assert i18n.translate(said) == shown


def test_chinese_is_shown_as_it_is() -> None:
    assert i18n.translate("请先登录") == "请先登录"
