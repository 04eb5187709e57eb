"""How surnames are read: where pypinyin's first reading is wrong, or two readings are alive.

The first reading is the usual one and is displayed; the others are found by search as well.
Sources: the usual dictionaries' surname entries (现代汉语词典); the 27 faults were measured.
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split(":") for entry in text.split())
    return {surname: tuple(readings.split("/")) for surname, readings in entries}


SINGLE = _table("""
    单:shàn/dān 解:xiè/jiě 曾:zēng 仇:qiú/chóu 区:ōu/qū 查:zhā/chá 盖:gě/gài 翟:zhái/dí
    种:chóng/zhǒng 朴:piáo/pǔ 缪:miào/móu 员:yùn/yuán 折:shé/zhé 黑:hè/hēi 秘:bì/mì 繁:pó/fán
    卜:bǔ 祭:zhài/jì 句:gōu/jù 阚:kàn 召:shào/zhào 洗:xiǎn/xǐ 重:chóng/zhòng 藏:zāng/cáng 都:dū
    降:xiáng/jiàng 能:nài/néng 覃:qín/tán 乐:yuè/lè 牟:móu/mù 隗:wěi/kuí
    肖:xiāo 燕:yān 葛:gě/gé 任:rén 华:huà 干:gān 撒:sǎ 占:zhān 粘:nián 炅:guì 相:xiàng 那:nā/nà
    宁:níng/nìng 纪:jì/jǐ 柏:bǎi/bó 薄:bó/báo 过:guō/guò 么:yāo 尹:yǐn 谌:chén/shèn 令:lìng/líng
    观:guàn/guān 要:yāo/yào 佴:nài/èr 哈:hǎ/hā 郗:xī/chī 郄:qiè/xì 宓:mì/fú 宿:sù 眭:suī
    郇:xún/huán 费:fèi/bì 颉:xié/jié 隽:juàn/jùn 贠:yùn 尉:wèi/yù 晟:chéng/shèng 强:qiáng/jiàng
    冼:xiǎn 番:pān/fān 适:kuò/shì 泷:shuāng/lóng 扎:zhā/zā 逮:dǎi/dài 钭:tǒu 阿:ā 莘:shēn/xīn
    瞿:qú 曲:qū 应:yīng 盛:shèng 石:shí 车:chē 贾:jiǎ 沈:shěn 万:wàn 长:cháng/zhǎng 行:xíng/háng
    朝:cháo/zhāo 逄:páng 逢:féng/páng 殷:yīn 褚:chǔ 臧:zāng 嵇:jī 訾:zī/zǐ 呙:guō 仉:zhǎng
    昝:zǎn 乜:niè/miē 教:jiào 校:xiào/jiào 称:chēng 广:guǎng 佘:shé 贲:bēn 井:jǐng 舍:shè/shě
    卓:zhuó 暨:jì 芮:ruì 郏:jiá 仝:tóng 裴:péi 蔚:yù/wèi 澹:tán/dàn 啜:chuài/chuò 硕:shuò
""")

COMPOUND = _table("""
    欧阳:ōu-yáng 司马:sī-mǎ 上官:shàng-guān 诸葛:zhū-gě 东方:dōng-fāng 皇甫:huáng-fǔ
    尉迟:yù-chí 万俟:mò-qí 长孙:zhǎng-sūn 澹台:tán-tái 单于:chán-yú 令狐:líng-hú 公孙:gōng-sūn
    夏侯:xià-hóu 慕容:mù-róng 宇文:yǔ-wén 司徒:sī-tú 司空:sī-kōng 司寇:sī-kòu 端木:duān-mù
    南宫:nán-gōng 西门:xī-mén 东郭:dōng-guō 南门:nán-mén 东门:dōng-mén 百里:bǎi-lǐ 呼延:hū-yán
    轩辕:xuān-yuán 钟离:zhōng-lí 鲜于:xiān-yú 闾丘:lǘ-qiū 濮阳:pú-yáng 淳于:chún-yú 太叔:tài-shū
    申屠:shēn-tú 仲孙:zhòng-sūn 颛孙:zhuān-sūn 宗政:zōng-zhèng 公冶:gōng-yě 公羊:gōng-yáng
    公西:gōng-xī 公良:gōng-liáng 赫连:hè-lián 拓跋:tuò-bá 独孤:dú-gū 夹谷:jiá-gǔ 宰父:zǎi-fǔ
    谷梁:gǔ-liáng 段干:duàn-gān 亓官:qí-guān 乐正:yuè-zhèng 漆雕:qī-diāo 壤驷:rǎng-sì
    巫马:wū-mǎ 子车:zǐ-jū 相里:xiàng-lǐ 闻人:wén-rén 羊舌:yáng-shé 微生:wēi-shēng 梁丘:liáng-qiū
    左丘:zuǒ-qiū 第五:dì-wǔ 纳兰:nà-lán 完颜:wán-yán 叶赫:yè-hè 贺兰:hè-lán 哥舒:gē-shū
    贺若:hè-ruò 阿史那:ā-shǐ-nà 吐谷浑:tǔ-yù-hún 爱新觉罗:ài-xīn-jué-luó
""")

_LONGEST = max(map(len, COMPOUND))


def compound_surname(name: str) -> str:
    """Return the compound surname a name (simplified, without interpunct) begins with, or ''.

    At least one character of a given name must follow: 单于 alone is Mr Shan.
    """
    for length in range(min(_LONGEST, len(name) - 1), 1, -1):
        if name[:length] in COMPOUND:
            return name[:length]
    return ""
