"""Names: stored form, key, pinyin with the readings surnames really have."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pypinyin import pinyin
from pypinyin.constants import PINYIN_DICT

from shared.kit.pii import (
    NameKeys,
    PersonNameError,
    by_pinyin,
    fold_pinyin,
    name_key,
    name_keys,
    normalise_name,
)
from shared.kit.pii.readings import plain, syllables
from shared.kit.pii.surnames import COMPOUND, SINGLE

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)

# frontend.md §3: 27 surnames pypinyin reads wrong, with the right reading
WRONG_BY_DEFAULT = [
    "单shan",
    "解xie",
    "曾zeng",
    "仇qiu",
    "区ou",
    "查zha",
    "盖ge",
    "翟zhai",
    "种chong",
    "朴piao",
    "缪miao",
    "员yun",
    "折she",
    "黑he",
    "秘bi",
    "繁po",
    "卜bu",
    "祭zhai",
    "句gou",
    "阚kan",
    "召shao",
    "洗xian",
    "重chong",
    "藏zang",
    "都du",
    "降xiang",
    "能nai",
]


@pytest.mark.parametrize("entry", WRONG_BY_DEFAULT)
def test_surnames_pypinyin_reads_wrong(entry: str) -> None:
    keys = name_keys(f"{entry[0]}文慧")
    assert keys.pinyins[0] == f"{entry[1:]}wenhui"
    assert keys.initials[0] == f"{entry[1]}wh"


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("覃文慧", {"qinwenhui", "tanwenhui"}),
        ("乐文慧", {"yuewenhui", "lewenhui"}),
        ("牟文慧", {"mouwenhui", "muwenhui"}),
        ("隗文慧", {"weiwenhui", "kuiwenhui"}),
        ("吕文慧", {"lvwenhui", "luwenhui", "lyuwenhui"}),
        ("王绿", {"wanglv", "wanglu", "wanglyu"}),
        ("单于飞", {"chanyufei", "shanyufei"}),
        ("闾丘明", {"lvqiuming", "luqiuming", "lyuqiuming"}),
    ],
)
def test_all_living_readings_are_found(name: str, readings: set[str]) -> None:
    assert readings <= set(name_keys(name).pinyins)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("单文慧", "Shàn Wénhuì"),
        ("尉迟恭", "Yùchí Gōng"),
        ("万俟明", "Mòqí Míng"),
        ("长孙无忌", "Zhǎngsūn Wújì"),
        ("澹台明", "Tántái Míng"),
        ("单于飞", "Chányú Fēi"),
        ("乐正明", "Yuèzhèng Míng"),
        ("单于", "Shàn Yú"),
        ("欧阳娜娜", "Ōuyáng Nànà"),
        ("任华", "Rén Huá"),
        ("肖明", "Xiāo Míng"),
        ("覃西安", "Qín Xī'ān"),
        ("阿依古丽·买买提", "Āyīgǔlì Mǎimǎití"),
        ("長樂", "Cháng Lè"),
        ("李乾", "Lǐ Qián"),
        ("王子𠮷", "Wáng Zijí"),
        ("吕绿", "Lǚ Lǜ"),
        ("John Smith", "John Smith"),
        ("Jean-Luc McDonald", "Jean-Luc McDonald"),
    ],
)
def test_spoken(name: str, spoken: str) -> None:
    assert name_keys(name).spoken == spoken


@pytest.mark.parametrize(
    "variant",
    [
        "扎西•热合曼",
        "扎西．热合曼",
        "扎西・热合曼",
        "扎西.热合曼",
        "扎西 热合曼",
        "扎西 · 热合曼",
        "扎西‧热合曼",
        "扎西　热合曼",
        "·扎西··热合曼·",
        "扎西\u200b・热合曼",
    ],
)
def test_interpuncts_are_one(variant: str) -> None:
    assert normalise_name(variant) == "扎西\u00b7热合曼"
    assert name_keys(variant) == name_keys("扎西·热合曼")
    assert name_keys(variant).initials == ("zxrhm",)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("方  静", "方静"),
        ("田　涵", "田涵"),
        (" 王 小 明 ", "王小明"),
        ("欧阳 娜娜", "欧阳娜娜"),
        ("歐陽 娜娜", "歐陽娜娜"),
        ("努尔 艾合买提", "努尔·艾合买提"),
        ("扎西 次仁", "扎西·次仁"),
    ],
)
def test_padding_is_not_an_interpunct(written: str, name: str) -> None:
    assert normalise_name(written) == name


def test_traditional_only_in_the_key() -> None:
    assert normalise_name("黃詩瑤") == "黃詩瑤"
    assert name_key("黃詩瑤") == name_key("黄诗瑶") == "黄诗瑶"
    assert name_keys("於夢潔").key == "于梦洁"
    assert name_keys("黃詩瑤").pinyins == name_keys("黄诗瑶").pinyins


@pytest.mark.parametrize("name", ["李轩𬍛", "谢娟𣲘", "王子𠮷", "郭旭䶮", "𠮷𠮷𠮷"])
def test_rare_characters_survive(name: str) -> None:
    keys = name_keys(name)
    assert (normalise_name(name), keys.key) == (name, name)
    assert len(keys.initials[0]) == 3
    assert keys.pinyins[0].isascii()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "为空"),
        (" 　·", "为空"),
        ("王" * 61, "过长"),
        ("王" * 100_000, "过长"),
        ("王\x00明", "控制字符"),
        ("王\u202e明", "控制字符"),
        ("王\ud800", "半个代理对"),
        ("王\ufffd", "乱码"),
        ("王\ue863", "自造字"),
        ("12345", "没有文字"),
        ("——", "没有文字"),
    ],
)
def test_refusals_say_why(text: str, word: str) -> None:
    with pytest.raises(PersonNameError) as refused:
        name_keys(text)
    assert word in refused.value.reason
    assert refused.value.hint


def test_names_of_places_have_no_surname() -> None:
    keys = name_keys("解放路社区", person=False)
    assert (keys.pinyins, keys.initials) == (("jiefanglushequ",), ("jflsq",))
    assert "xiefanglushequ" in name_keys("解放路社区").pinyins


def test_sixty_code_points_are_allowed() -> None:
    assert len(normalise_name("𠮷" * 60)) == 60


@given(st.text(st.one_of(HAN, st.sampled_from("·•．・ 　ＡaÉ阿𠮷\u200b()")), max_size=70))
@example("A\u0301 ·b")
def test_normalising_twice_changes_nothing(text: str) -> None:
    try:
        name = normalise_name(text)
    except PersonNameError:
        return
    assert normalise_name(name) == name
    assert unicodedata.is_normalized("NFKC", name)
    assert 1 <= len(name) <= 60


def attempt(text: str) -> NameKeys | PersonNameError:
    try:
        return name_keys(text)
    except PersonNameError as refused:
        return refused


@given(st.text(max_size=70))
@example("A\u00a8")
@example("张\U0003ffff")
@example("\U0002fa20")
def test_any_text_is_a_name_or_a_clear_refusal(text: str) -> None:
    answer = attempt(text)
    if isinstance(answer, PersonNameError):
        assert answer.reason
        assert answer.hint
    else:
        assert answer.key
        assert all(answer.pinyins)
        assert all(answer.initials)


@given(st.text(HAN, min_size=2, max_size=2))
def test_the_short_way_reads_as_pypinyin_does(given_name: str) -> None:
    if set(given_name).isdisjoint("乾著卜"):
        assert syllables(given_name) == [first[0] for first in pinyin(given_name)]


@given(st.text(HAN, min_size=1, max_size=4))
def test_pinyins_and_initials_belong_together(name: str) -> None:
    keys = name_keys(name)
    known = all(ord(character) in PINYIN_DICT for character in name_key(name) + name)
    assert all(form.islower() or not known for form in keys.pinyins)
    assert all(form.isalnum() and (form.isascii() or not known) for form in keys.pinyins)
    assert all(len(form) == len(keys.key) for form in keys.initials)
    assert keys.initials[0][0] == keys.pinyins[0][0]


@pytest.mark.parametrize(
    "typed", ["lü wen hui", "LV'WEN'HUI", "lǚ wén huì", "lu:wenhui", "Lǚ-Wénhuì", "ｌｖwenhui"]
)
def test_typed_pinyin_finds_the_stored(typed: str) -> None:
    assert fold_pinyin(typed) in name_keys("吕文慧").pinyins


def test_spoken_folds_back_to_pinyin() -> None:
    for name in ("单文慧", "覃西安", "努尔 艾合买提", "吕绿", "欧阳娜娜"):
        keys = name_keys(name)
        assert fold_pinyin(keys.spoken) == keys.pinyins[0]


def test_surname_tables_are_well_formed() -> None:
    for surname, readings in SINGLE.items():
        assert len(surname) == 1
        assert all(plain(reading).isascii() and not reading.isascii() for reading in readings)
    for surname, (reading,) in COMPOUND.items():
        assert len(reading.split("-")) == len(surname)
        assert plain(reading).isascii()


def test_lists_are_in_the_order_they_are_spelt() -> None:
    people = ["张伟", "Ann", "欧阳娜", "安之", "", "123"]
    assert sorted(people, key=by_pinyin) == ["", "123", "Ann", "安之", "欧阳娜", "张伟"]
    districts = ["龙泉驿区", "锦江区", "青羊区", "解放区", "成华区"]
    assert sorted(districts, key=lambda d: by_pinyin(d, person=False)) == [
        "成华区", "解放区", "锦江区", "龙泉驿区", "青羊区"]  # fmt: skip
