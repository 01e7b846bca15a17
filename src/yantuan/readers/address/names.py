"""How much a piece of text looks like the name of a person."""

from __future__ import annotations

import re

_SINGLE = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹"
    "狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓"
    "牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏江楼覃冼邝麦丘谌展亓闫浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘"
    "匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督晋楚闫法汝鄢涂钦岳帅缑亢况有琴商牟佘佴伯赏墨哈谯笪年爱阳佟付肖代邸苟苑仝信原兰岩佐佳修练庹祖操鹿种揭官敬来卿初战宾信"
)
_RARE = frozenset(
    "区刀岩侬招奉南才旦洛扎仁巴阿买热努木依海拜者勉妥脱敏喇禄库闪苌玛帕凯萨图其额宝青特斯尼德丹格拉益边次普多泽央措罗珠吐玉姑加迪帅"
)
"""First characters of names of the smaller peoples, and seldom ones: they count only for a piece of its own."""
_COMPOUND = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|闾丘|子车|亓官|司寇|巫马|公西|颛孙|壤驷|公良|漆雕|乐正|宰父|谷梁|拓跋|夹谷|轩辕|令狐|段干|百里|呼延|东郭|南门|羊舌|微生|"
    "公户|公玉|公仪|梁丘|公仲|公上|公门|公山|公坚|左丘|公伯|西门|公祖|第五|公乘|贯丘|公皙|南荣|东里|东宫|仲长|子书|子桑|即墨|达奚|褚师|纳兰|完颜|爱新觉罗|叶赫那拉|范姜|张简|欧"
)
_TITLE = "先生|女士|小姐姐|小姐|太太|阿姨|叔叔|师傅|老师|同学|医生|经理|主任|老板|姐姐|姐|哥哥|哥|嫂子?|婶|奶奶|爷爷|大爷|大妈|大姐|大哥|妹妹?|弟弟?|总|妈妈|爸爸|妈咪|宝妈|妈|爸|女仕|教授|护士|店长|老师傅|夫人"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_TITLED = re.compile(rf"[\u3400-\u9fff]{{1,6}}(?:{_TITLE})")
_FAMILIAR = re.compile(r"[小老阿大][\u4e00-\u9fff]|[\u4e00-\u9fff]{1,3}儿")
_DOTTED = re.compile(r"[\u3400-\u9fff]{1,10}(?:·[\u3400-\u9fff]{1,10}){1,3}")
_LATIN = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž'.\-]{0,20}(?: [A-Za-zÀ-ž][A-Za-zÀ-ž'.\-]{0,20}){0,3}")
_MASKED = re.compile(r"[\u3400-\u9fff][*xX某]{1,2}[\u3400-\u9fff]?")
_MIXED = re.compile(r"[\u3400-\u9fffA-Za-z]{2,12}")
_NOT_NAMES = re.compile(
    r"^(?:手机|电话|地址|姓名|收货|收件|备用|门口|楼下|对面|旁边|附近|隔壁|前台|东门|西门|南门|北门|后门|正门|大门|侧门|东侧|西侧|南侧|北侧|全国|其他|家里|公司|单位|老家|学校|宿舍|家中|本人|自提|顺丰|方便|安排|时间|于是|那边|这边|有人|成功|高档|"
    r"红色|黄色|白色|蓝色|金桔|水果|苹果|橙子|石榴|樱桃|草莓|葡萄|蓝莓|芒果|毛桃|花生|鱼丸|牛肉|羊肉|鸡蛋|大米|白菜|米粉|面包)$"
)
_END_OF_PLACE = re.compile(
    r"(?:路|街|巷|弄|号|栋|幢|楼|室|村|组|区|园|苑|厦|镇|乡|县|市|省|院|层|店|厂|站|湾|屯|桥|座|场|馆|队|庄|花园|小区|公寓|家园|道)$"
)

SURNAME = rf"(?:{_COMPOUND}|[{''.join(sorted(_SINGLE))}])"
SURE, LIKELY, POSSIBLE, NO = 4, 3, 1, 0


def likeness(plain: str) -> int:
    """SURE for a name with a title or a dot, LIKELY with a surname, POSSIBLE for what could be a nickname, else NO."""
    text = plain.strip()
    if not text or len(text) > 30 or _NOT_NAMES.match(text) or any(char.isdigit() for char in text):
        return NO
    if _DOTTED.fullmatch(text) or _TITLED.fullmatch(text):
        return SURE
    if _HAN.fullmatch(text):
        return _han(text)
    if _MASKED.fullmatch(text):
        return LIKELY
    if _LATIN.fullmatch(text):
        return LIKELY if len(text) > 2 else POSSIBLE
    return POSSIBLE if _MIXED.fullmatch(text) else NO


def _han(text: str) -> int:
    if _FAMILIAR.fullmatch(text):
        return LIKELY
    compound = re.match(_COMPOUND, text)
    if compound and 1 <= len(text) - len(compound[0]) <= 2 and len(compound[0]) > 1:
        return SURE
    if 2 <= len(text) <= 3 and (text[0] in _SINGLE or text[0] in _RARE):
        return POSSIBLE + 1 if _END_OF_PLACE.search(text) else LIKELY
    if len(text) == 4 and text[0] in _SINGLE and text[1] in _SINGLE:
        return POSSIBLE + (not _END_OF_PLACE.search(text))
    if len(text) > 8 or (len(text) > 4 and _END_OF_PLACE.search(text)):
        return NO
    return POSSIBLE


GLUED = re.compile(
    rf"(?<=[\da-zA-Z室号楼栋幢层户座门房元组厦寓区苑园村店院])({SURNAME}[\u3400-\u9fff]{{1,2}}|[\u3400-\u9fff]{{1,3}}(?:{_TITLE}))$"
)
"""A name that follows a door or an estate without a break, at the end."""
