"""Words for goods that are often sold, to know one that this sale doesn't have from a wish."""

from __future__ import annotations

_WORDS = """
苹果 梨子 雪梨 香梨 皇冠梨 秋月梨 桃子 水蜜桃 黄桃 油桃 蟠桃 李子 杏子 樱桃 车厘子 草莓 蓝莓 树莓 桑葚 葡萄 提子 红提 青提 黑提 香蕉 芭蕉 菠萝 凤梨 芒果 榴莲
山竹 火龙果 百香果 猕猴桃 奇异果 荔枝 龙眼 桂圆 枇杷 杨梅 石榴 柿子 枣子 冬枣 红枣 橙子 脐橙 血橙 冰糖橙 果冻橙 橘子 桔子 砂糖橘 蜜桔 沃柑 耙耙柑 丑橘
柚子 蜜柚 西柚 柠檬 西瓜 哈密瓜 甜瓜 香瓜 木瓜 甘蔗 椰子 牛油果 圣女果 番石榴 莲雾 杨桃 无花果 栗子 板栗 核桃 花生 瓜子 开心果 腰果 松子
土豆 番茄 西红柿 黄瓜 茄子 青椒 辣椒 白菜 青菜 菠菜 生菜 芹菜 韭菜 花菜 西兰花 萝卜 胡萝卜 红薯 地瓜 紫薯 山药 芋头 莲藕 玉米 南瓜 冬瓜 丝瓜 苦瓜 豆角 毛豆
蘑菇 香菇 金针菇 木耳 竹笋 冬笋 春笋 大蒜 洋葱 生姜 小葱 香菜 豆腐 豆芽 鸡蛋 鸭蛋 鹅蛋 鹌鹑蛋 咸鸭蛋 皮蛋 牛奶 酸奶 鲜奶 奶粉 豆浆 大米 小米 糯米 面粉 面条
挂面 馒头 包子 饺子 馄饨 汤圆 粽子 月饼 蛋糕 面包 饼干 牛肉 羊肉 猪肉 排骨 五花肉 鸡肉 鸡腿 鸡翅 土鸡 老母鸡 鸭子 烤鸭 鱼头 带鱼 鲈鱼 三文鱼 鳕鱼 黄鱼 虾仁
大虾 对虾 小龙虾 螃蟹 大闸蟹 扇贝 生蚝 鲍鱼 海参 海带 紫菜 菜油 花生油 橄榄油 酱油 蜂蜜 茶叶 咖啡 果汁 可乐 矿泉水 白酒 啤酒 红酒 纸巾 抽纸 卷纸 洗衣液
洗洁精 牙膏 毛巾 垃圾袋 口罩 辣酱 腊肠 香肠 火腿 泡菜 榨菜 坚果 薯片 巧克力 糖果 鲜花 玫瑰花 百合 康乃馨 多肉
"""
FOODS = frozenset(_WORDS.split())
ALIKE = (
    "枚玫攻", "士土", "大太犬", "瓜爪", "未末", "莓苺", "桔结", "柚袖抽", "橙澄登", "梅每海", "粟栗", "脐挤", "柠拧", "檬朦", "蕉焦礁", "萄淘", "莲连", "榴溜",
    "蛋旦", "鸡鸣", "米来", "奶扔", "橘镯", "葡莆", "苹平", "李季", "糖塘", "牛午", "鱼渔", "虾吓", "茶荼", "菜莱", "薯署", "芋竽", "枣束", "柿市", "瑰块",
)  # fmt: skip
"""Characters easily taken for each other by eye."""


def holds_food(text: str) -> str:
    """The longest of these words inside a folded text, or ""."""
    best = ""
    for length in (4, 3, 2):
        for i in range(len(text) - length + 1):
            if text[i : i + length] in FOODS:
                return text[i : i + length]
    return best
