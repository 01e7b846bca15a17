"""Wishes, payments and small talk: what is kept as a note, and what is only said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yantuan.readers.text import unadorned

_TIME = (
    r"(?:本|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]|[今明后](?:天|早|晚|儿|日)|(?:早上|上午|中午|下午|晚上|傍晚)(?!好)|晚点|晚些|迟点|早点|过两天|改天"
    r"|月底|下班|饭后|\d{1,2}(?:点|:\d\d|号(?=拿|取|提|自|送|来|下|晚|上|到)|月\d)|[一二三四五六七八九十]{1,2}点(?!点)"
)
_PLACE = (
    r"(?:请|麻烦|帮忙|帮我|就|直接|先|都)*(?:放|送(?:到|货|来|去|上|楼)|挂|搁|寄|存|丢|摆|扔|配送)(?:到|在|去|至|给)?"
    r"|(?:放?在?)?(?:门口|门卫|驿站|快递柜|丰巢|保安|物业|自提|自取|上门|楼下|大堂|前台|小卖部|老地方|传达室)"
)
_TASTE = (
    r"(?:我?要|想要|挑|选|尽量|最好|希望|求|拣|捡|帮我挑|帮忙挑|麻烦挑|请挑)[^,]{0,12}(?:的|一?点|一?些)(?:$|[吧哦啊呀~!])"
    r"|(?:不要|别|勿|不能|不)(?!了|啦|对(?:[,:]|$)|一定|要了|买了|定了|订了|来了|拿了|好意思)|(?:稍微?|偏)?[生熟甜硬软脆大小新鲜老嫩辣酸](?:个|的|(?:一?点|一?些))(?:的|儿)?(?![\d+x])"
)
_CONTACT = (
    r"(?:到了?|来了|送之?前|提前|拿货?前|到货)?(?:叫|喊|打(?:个|我)?电话|电话|联系|微信(?:叫|通知|我)|通知|告诉|发消息|艾特)|(?:家里|我)?(?:没人|不在家?)"
    r"|(?:如果|要是|若)[^,]{0,10}(?:不在|没人|没回|下雨)"
)
_OTHER = (
    r"分开|单独|分装|装一起|分两|分成|冰袋|包装|包好|不急|尽快|加急|急用|留|等我|代收(?!发)|现金|货到付款|到付|先欠|下次(?:付|给)|付现|发票|备注|送人|送礼"
    r"|给(?:孩子|宝宝|老人|娃|小孩|爸妈|小朋友)|孕妇|过敏|(?:我?自己|老公|老婆|我?妈妈?|我?爸爸?|孩子|儿子|女儿|家人|婆婆|公公|阿姨)(?:来|去|会|过来)+(?:拿|取|提)|(?:过)?来(?:拿|取|提)"
)
_PART = r"其中(?![^,;]*(?:[帮代替]|给[^,;]*[带买拿捎订]))[^,;]*?(?:吃|软|硬|生|熟|脆|放|分|送|大|小|好)"
_WISH = re.compile(
    rf"(?:改(?:成|为|到)?|换(?:成|到))?(?P<wish>{_PART}|{_TIME}|{_PLACE}|{_TASTE}|{_CONTACT}|{_OTHER})"
)
PAID = re.compile(
    r"(?:钱|款|红包)?(?:已经?|都)(?:付|转|支付|打|发|给|结)(?:账|款|钱|清|过|好|了|全款|红包|你|微信|过去)*\s?¥?\d*(?:\.\d+)?(?:元|块)?"
    r"|(?:付|转|钱)(?:过|好|清|付)?(?:款|账|钱)?了\s?¥?\d*(?:\.\d+)?(?:元|块)?|(?:微信|支付宝)(?:已)?(?:付|转)\s?¥?\d*(?:\.\d+)?(?:元|块)?"
)
QUESTION = re.compile(
    r"[?]|吗|([\u4e00-\u9fff])不\1|(?:还有|还剩|剩)几|[^\s\d,;]{1,4}的还是[^\s\d,;]{1,4}的|多少钱|多少|怎么(?!了)|什么|啥|哪里|哪个|几点|几时|几号|几斤|几天|甜不甜|好不好|好吃不|有没有|是不是|能不能|可不可以|行不行|新不新鲜|呢$|么$|不$|截止了没|到了没|还有没|有没$|还有不|还有货"
)
POLITE = re.compile(r"(?:可以|能|行|来得及|还能|能否|方便)")
ASKS = re.compile(r"多少|怎么|什么|啥|哪|几[点时号斤天]|甜不甜|好吃|还有|有没有|够|到货|新鲜|截止")
PAST = re.compile(
    r"上次|上回|上周(?!.*一样)|之前|昨天|前天|前几天|以前|那次|收到|拿到|取到|领到|拿走|取走|领走|吃了|吃完|吃过|好吃|不错|真甜|很甜|超甜|好甜|太甜|有点[^要]|坏了|烂了|破了|回购|下次|太[贵小大少多酸]|[好真小]贵|贵了|有点小"
)
LIKE = re.compile(r"一样|照|老样子|按上|同上")
_MATTERS = (
    ("time", re.compile(_TIME)),
    ("paid", re.compile(r"付|转账|转了|已转|红包|现金")),
    ("place", re.compile(_PLACE)),
)


def wish_at(text: str) -> bool:
    """Whether a stretch of folded text begins with a wish."""
    return _WISH.match(text) is not None


def matter(note: str) -> str:
    """What a note is about: time, place, paid; any other note is a matter of its own."""
    return next((name for name, pattern in _MATTERS if pattern.search(note)), note)


def merged(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Notes after later ones came: the later replaces the earlier on the same matter."""
    matters = {matter(n) for n in new}
    return [n for n in old if matter(n) not in matters] + [
        n for n in new if n not in old or matter(n) in matters
    ]


_INSTEAD = re.compile(r"^(?:改(?:成|为|到)?|换(?:成|到))(?=\S)")
_POLITE_ENDS = re.compile(
    r"^(?:(?:备注|附言|留言)[:：\s]+|谢谢你?|感谢|多谢|麻烦了?|辛苦了?|团长|老板娘?|群主|[,，、。；;!！~～\s])+|(?:[,，、。；;!！~～\s]|谢谢(?:团长|老板|群主|啦|了|你|您|哦)*|感谢(?:团长)?|多谢|辛苦了?|哈+|哦|啦)+$"
)


def cleaned(written: str) -> str:
    """A note without brackets, thanks and outer punctuation; "" if nothing is left."""
    text, before = _INSTEAD.sub("", unadorned(written)), ""
    while text != before:
        before, text = text, unadorned(_POLITE_ENDS.sub("", text))
    return text
