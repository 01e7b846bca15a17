"""Text as people paste it, folded into one plain form that still knows where each character stood.

Full width becomes half width, traditional characters simplified ones, letters small, invisible marks nothing; emoji stay.
Names and notes are cut from the text as written, by the positions kept here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TRADITIONAL = """
蘋苹 藍蓝 雞鸡 鷄鸡 鴨鸭 鵝鹅 魚鱼 蝦虾 龍龙 麵面 麥麦 車车 釐厘 櫻樱 鳳凤 檸柠 黃黄 豬猪 紅红 綠绿 鮮鲜 臍脐 贛赣 蘿萝 蔔卜 蔥葱 薑姜 鹽盐
醬酱 飯饭 餃饺 餛馄 飩饨 餅饼 糉粽 粵粤 東东 煙烟 臺台 灣湾 蘭兰 陽阳 園园 農农 場场 純纯 優优 濃浓 穀谷 葉叶 棗枣 蘆芦 薺荠 蓮莲 連连 榮荣
獼猕 奇奇 異异 無无 籽籽 鴿鸽 蠔蚝 貝贝 鮑鲍 鱸鲈 鱈鳕 鯧鲳 鰻鳗 鯽鲫 鱘鲟 蟶蛏 鮭鲑 鰹鲣 滷卤 鹵卤 凍冻 乾干 棉棉 絲丝 線线 紙纸 濕湿 潔洁
兩两 個个 條条 雙双 張张 隻只 顆颗 塊块 樣样 種种 罐罐 籃篮 簍篓 筐筐 對对 組组 瓶瓶 號号 樓楼 棟栋 單单 門门 層层 戶户 間间 幾几 錢钱 萬万
訂订 買买 賣卖 換换 變变 減减 來来 還还 給给 幫帮 領领 謝谢 請请 們们 這这 點点 過过 經经 轉转 賬账 帳账 總总 計计 數数 價价 規规 則则 說说
話话 電电 機机 時时 週周 後后 內内 裡里 裏里 從从 與与 沒没 嗎吗 麼么 誰谁 難难 硬硬 軟软 熟熟 歡欢 團团 長长 員员 鄰邻 爺爷 媽妈 嬸婶 師师
醫医 劉刘 陳陈 楊杨 趙赵 吳吴 孫孙 馬马 羅罗 鄭郑 許许 鄧邓 馮冯 葉叶 蔣蒋 蘇苏 盧卢 譚谭 賴赖 餘余 剩剩 別别 僅仅 開开 關关 應应 該该 約约
辦办 備备 註注 實实 貨货 運运 費费 禮礼 裝装 產产 業业 節节 熱热 涼凉 養养 營营 髮发 發发 膚肤 護护 網网 圖图 語语 視视 頻频 鏈链 結结 羣群
補补 齊齐 爛烂 壞坏 將将 現现 樂乐 氣气 愛爱 聽听 撿捡 選选 擇择 撤撤 廣广 寶宝 貴贵 贈赠 顏颜 銀银 鐵铁 鍋锅 壺壶 蓋盖 櫃柜 廚厨 盤盘
"""
_SAME = {
    "×": "x", "✖": "x", "✕": "x", "✗": "x", "╳": "x", "❌": "x", "⨯": "x", "*": "x", "➕": "+", "➖": "-",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹣": "-", "～": "~", "〜": "~", "∼": "~",
    "【": "(", "】": ")", "〔": "(", "〕": ")", "{": "(", "}": ")", "[": "(", "]": ")", "《": "(", "》": ")", "·": "·",
    "½": "半", "🔟": "10", "¥": "¥", "￥": "¥", "○": "〇", "，": ",", "。": "。", "．": ".", "・": " ", "•": " ", "…": " ",
}  # fmt: skip
_STICKERS = frozenset(
    [
        "微笑",
        "撇嘴",
        "色",
        "发呆",
        "得意",
        "流泪",
        "害羞",
        "闭嘴",
        "睡",
        "大哭",
        "尴尬",
        "发怒",
        "调皮",
        "呲牙",
        "惊讶",
        "难过",
        "囧",
        "抓狂",
        "吐",
        "偷笑",
        "愉快",
        "白眼",
        "傲慢",
        "困",
        "惊恐",
        "憨笑",
        "悠闲",
        "咒骂",
        "疑问",
        "嘘",
        "晕",
        "衰",
        "骷髅",
        "敲打",
        "再见",
        "擦汗",
        "抠鼻",
        "鼓掌",
        "坏笑",
        "右哼哼",
        "鄙视",
        "委屈",
        "快哭了",
        "阴险",
        "亲亲",
        "可怜",
        "笑脸",
        "生病",
        "脸红",
        "破涕为笑",
        "恐惧",
        "失望",
        "无语",
        "嘿哈",
        "捂脸",
        "奸笑",
        "机智",
        "皱眉",
        "耶",
        "吃瓜",
        "加油",
        "汗",
        "天啊",
        "社会社会",
        "旺柴",
        "好的",
        "打脸",
        "哇",
        "翻白眼",
        "666",
        "让我看看",
        "叹气",
        "苦涩",
        "裂开",
        "嘴唇",
        "爱心",
        "心碎",
        "拥抱",
        "强",
        "弱",
        "握手",
        "胜利",
        "抱拳",
        "勾引",
        "拳头",
        "合十",
        "啤酒",
        "咖啡",
        "蛋糕",
        "玫瑰",
        "凋谢",
        "菜刀",
        "炸弹",
        "便便",
        "月亮",
        "太阳",
        "庆祝",
        "礼物",
        "发",
        "福",
        "烟花",
        "爆竹",
        "猪头",
        "跳跳",
        "发抖",
        "转圈",
        "西瓜",
        "飞吻",
        "跳舞",
        "差劲",
        "爱你",
        "NO",
        "OK",
        "可爱",
        "左哼哼",
        "哈欠",
    ]
)
_STICKER = re.compile(r"\[([A-Za-z]{2,16}|[^\[\]\s]{1,4})\]")
_LETTERS = ((0x1F130, "a"), (0x1F150, "a"), (0x1F170, "a"), (0x1F1E6, "a"))
_DIGITS = ((0x2776, 10), (0x2780, 10), (0x278A, 10), (0x24F5, 10))
SMILE = "\N{SLIGHTLY SMILING FACE}"
"""Stands for a WeChat sticker such as [强] in folded text."""
_SIMPLE = {pair[0]: pair[1] for pair in _TRADITIONAL.split()}


@dataclass(frozen=True, slots=True)
class Folded:
    """One line: `raw` as written, `text` folded, and for each folded character its index in `raw`."""

    raw: str
    text: str
    where: tuple[int, ...]

    def written(self, start: int, end: int) -> str:
        """What was written at folded positions `start` to `end`."""
        if start >= end:
            return ""
        return self.raw[self.where[start] : self.where[end - 1] + 1]


def is_emoji(char: str) -> bool:
    """Whether a folded character is a picture, not text."""
    return ord(char) > 0x2000 and unicodedata.category(char) in ("So", "Sk")


@lru_cache(maxsize=8192)
def _folded(char: str) -> str:
    if char in _SAME:
        return _SAME[char]
    code = ord(char)
    for start, letter in _LETTERS:
        if start <= code < start + 26:
            return chr(ord(letter) + code - start)
    for start, count in _DIGITS:
        if start <= code < start + count:
            return str(code - start + 1)
    kind = unicodedata.category(char)
    if kind in ("Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn", "Lm") and char not in "\t":
        return ""
    if 0x1F3FB <= code <= 0x1F3FF:
        return ""
    if char.isspace():
        return " "
    if kind == "So" and not unicodedata.normalize("NFKC", char).isalnum():
        return char
    plain = "".join(_SAME.get(c, _SIMPLE.get(c, c)) for c in unicodedata.normalize("NFKC", char))
    return "".join(" " if c.isspace() else c for c in plain.lower())


def fold(raw: str) -> Folded:
    """Fold one line."""
    stickers = {m.start(): m.end() for m in _STICKER.finditer(raw) if _is_sticker(m[1])}
    text: list[str] = []
    where: list[int] = []
    i = 0
    while i < len(raw):
        if i in stickers:
            text.append(SMILE)
            where.append(i)
            i = stickers[i]
            continue
        for char in _folded(raw[i]):
            text.append(char)
            where.append(i)
        i += 1
    return Folded(raw, "".join(text), tuple(where))


def _is_sticker(name: str) -> bool:
    return name in _STICKERS or (name.isascii() and name.isalpha() and len(name) > 1)


def plain(text: str) -> str:
    """Only the folded text."""
    return fold(text).text


def unadorned(written: str) -> str:
    """A name or note as written, without emoji, stickers, invisible marks and outer punctuation."""
    text = _STICKER.sub(lambda m: "" if _is_sticker(m[1]) else m[0], written)
    kept = (c for c in text if not is_emoji(c) and not _is_mark(c))
    text = " ".join("".join(kept).split())
    start, end = 0, len(text)
    while start < end and _is_outer(text[start]):
        start += 1
    while end > start and _is_outer(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_outer(char: str) -> bool:
    """Whether a character at the edge of a name belongs to the writing around it."""
    return unicodedata.category(char)[0] in "PSZ"


def _is_mark(char: str) -> bool:
    """Whether a character shows nothing of its own: joiners, direction marks, variation selectors, the frame of a keycap."""
    return unicodedata.category(char) in ("Cf", "Me", "Cc", "Co", "Cn") or "\ufe00" <= char <= "\ufe0f"
