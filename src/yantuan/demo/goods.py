"""What the demo shop sells. Prices in fen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoSku:
    name: str
    price_fen: int
    cost_fen: int
    stock: int
    code: str = ""
    limit: int = 0


@dataclass(frozen=True)
class DemoProduct:
    """`picture` names a demo picture."""

    title: str
    picture: str
    description: str
    skus: tuple[DemoSku, ...]


PRODUCTS = (
    DemoProduct(
        "云南阳光玫瑰葡萄",
        "grapes",
        "宾川高原日照足，单串 600 克上下，脆甜有玫瑰香。坏果拍照联系我，按粒赔。",
        (DemoSku("2斤装", 3990, 2600, 120, "PT-02"), DemoSku("5斤箱装", 8990, 6200, 40, "PT-05", 3)),
    ),
    DemoProduct(
        "丹东99草莓",
        "strawberries",
        "早上采、下午发，冷链到小区。建议当天吃完，不要提前洗。",
        (DemoSku("300g 尝鲜盒", 2580, 1700, 80, "CM-03"), DemoSku("3斤礼盒", 9900, 7200, 30, "CM-30", 2)),
    ),
    DemoProduct(
        "五常稻花香大米",
        "rice",
        "当季新米现磨现发，真空包装，产地直供。",
        (DemoSku("5kg", 6980, 5100, 200, "DM-05"), DemoSku("10kg", 13600, 9900, 100, "DM-10")),
    ),
    DemoProduct(
        "散养土鸡蛋",
        "eggs",
        "山林散养，珍珠棉防震箱，破损包赔。",
        (DemoSku("30枚", 4500, 3300, 150, "JD-30"),),
    ),
    DemoProduct(
        "手工鲜肉白菜水饺",
        "dumplings",
        "凌晨现包急冻，一袋 50 个约 1 公斤。",
        (DemoSku("1kg", 3280, 2100, 90, "SJ-01"),),
    ),
    DemoProduct(
        "烟台红富士苹果", "apples", "80 果大小均匀，脆甜多汁。", (DemoSku("5斤", 2990, 1900, 160, "PG-05"),)
    ),
    DemoProduct(
        "赣南脐橙", "navel-oranges", "不打蜡不催熟，皮薄好剥。", (DemoSku("10斤", 4990, 3400, 110, "QC-10"),)
    ),
    DemoProduct(
        "每日鲜牛奶", "milk", "牧场当日巴氏鲜奶，早上送到。", (DemoSku("950ml", 1590, 1100, 200, "NN-09"),)
    ),
    DemoProduct(
        "北海流油海鸭蛋",
        "salted-eggs",
        "蛋黄流油起沙，真空熟制开袋即食。",
        (DemoSku("20枚", 3690, 2500, 100, "YD-20"),),
    ),
    DemoProduct(
        "原味大颗腰果", "cashews", "越南大颗原果，只烘不炸。", (DemoSku("500g", 4290, 3000, 70, "YG-05"),)
    ),
    DemoProduct(
        "沙地红薯",
        "sweet-potatoes",
        "六鳌沙地，软糯流蜜，蒸烤都好。",
        (DemoSku("5斤", 1990, 1200, 140, "HS-05"),),
    ),
    DemoProduct(
        "冰鲜三文鱼中段",
        "salmon",
        "空运冰鲜，切好真空分装，请当天食用。",
        (DemoSku("400g", 7990, 6100, 36, "SW-04"),),
    ),
)

POINTS: tuple[dict[str, str], ...] = (
    {
        "name": "东门岗亭",
        "address": "枫林路 88 弄东门",
        "hours": "18:00–20:00",
        "contact_name": "林小满",
        "contact_phone": "13900000001",
    },
    {
        "name": "物业前台",
        "address": "枫林里 1 号楼大堂",
        "hours": "08:00–22:00",
        "contact_name": "物业小张",
        "contact_phone": "02150000000",
    },
)

BUYERS = ("李建国", "王秀英", "赵敏", "刘一诺", "孙浩", "何静")
"""Neighbours who have ordered already."""
