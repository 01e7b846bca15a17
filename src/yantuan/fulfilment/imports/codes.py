"""Everything that can be wrong with a row: how much it weighs, and what the leader reads.

`error` rows are never booked. `confirm` rows are booked only when the leader has agreed to that kind of doubt. `note` says
something that needs no decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Weight = Literal["error", "confirm", "note"]


@dataclass(frozen=True)
class Code:
    weight: Weight
    zh: str
    en: str


CODES: Final[dict[str, Code]] = {
    # What the file itself lacks
    "order_missing": Code("error", "没有订单号，也没有可以核对的收件人和手机", "No order number, and no recipient to go by"),
    "order_digits_lost": Code("error", "订单号变成了科学计数法，后面的数字已经丢失，请把这一列设为文本", "Digits of the order number are lost; make the column text"),
    "tracking_missing": Code("error", "没有运单号", "No tracking number"),
    "tracking_digits_lost": Code("error", "运单号变成了科学计数法或被取整，后面的数字已经丢失，请把这一列设为文本再填", "Digits of the tracking number are lost; make the column text"),
    "tracking_invalid": Code("error", "运单号只能是 5 到 40 位字母、数字和短横线", "A tracking number has 5 to 40 letters, digits and dashes"),
    "cell_error": Code("error", "这一行有公式报错（如 #N/A）", "A formula of this row failed, such as #N/A"),
    "formula_empty": Code("error", "公式没有保存结果，请把这一行复制后粘贴为数值", "A formula without a saved result; paste it as a value"),
    "quantity_invalid": Code("error", "数量不对", "The quantity is not valid"),
    # What doesn't fit the orders
    "order_unknown": Code("error", "本店没有这个订单", "No such order in this store"),
    "order_ambiguous": Code("error", "对得上不止一个订单，请填订单号", "Several orders fit; give the order number"),
    "addresses_differ": Code("error", "同一跟团号的订单寄往不同的地址，请填订单号", "Orders of this number go to different addresses; give the order number"),
    "person_unknown": Code("error", "没有找到这位收件人的待发货订单", "No order to be shipped for this recipient"),
    "line_unknown": Code("error", "订单里没有这个子单号", "The order has no such line"),
    "order_is_pickup": Code("error", "这是自提订单，不需要发货", "The order is picked up, not shipped"),
    "order_not_paid": Code("error", "订单还没有付款", "The order is not paid"),
    "order_refunded": Code("error", "订单已全部退款，不要发货", "The order was refunded; don't ship"),
    "order_closed": Code("error", "订单已取消", "The order was cancelled"),
    "order_received": Code("error", "买家已收货，不能再改", "The buyer has received it"),
    "already_shipped": Code("error", "订单已全部发货，而且有几个包裹，请在订单里改单号", "Shipped already in several parcels; correct it on the order's page"),
    "nothing_left": Code("error", "商品都已发货或已退款", "All pieces are shipped or refunded"),
    "aftersale_open": Code("error", "商品正在售后处理中，请先处理售后", "An after-sale case is open; decide it first"),
    "too_many_pieces": Code("error", "剩下的件数没有这么多", "Fewer pieces are left"),
    "parcel_incomplete": Code("error", "同一个包裹的另一行不对", "Another row of the same parcel is wrong"),
    "too_many_parcels": Code("error", "剩下的件数比包裹少，分不开", "More parcels than pieces"),
    "number_used_here": Code("error", "同一个运单号在表里给了不同的收件人", "The same number stands at different recipients"),
    "tracking_no_used": Code("error", "这个运单号已经用在别的订单上", "Another order carries this number already"),
    "carrier_missing": Code("error", "没有快递公司，从单号也认不出来", "No carrier, and the number doesn't tell"),
    "shifted": Code("error", "收件人和相邻一行的订单对得上：这一段错行了", "The recipient belongs to a neighbouring row: these rows are shifted"),
    # Doubts
    "name_mismatch": Code("confirm", "收件人和订单不一致", "The recipient differs from the order's"),
    "phone_mismatch": Code("confirm", "手机和订单不一致", "The phone differs from the order's"),
    "carrier_doubtful": Code("confirm", "运单号不像这家快递的", "The number does not look like this carrier's"),
    "carrier_guessed": Code("confirm", "没写快递公司，按单号认的", "No carrier given; guessed from the number"),
    "carrier_unlisted": Code("confirm", "不认识的快递公司，不能自动查物流", "An unknown carrier; its parcels can't be tracked"),
    "matched_by_number": Code("confirm", "没有订单号，按跟团号找到的", "Found by the participant's number"),
    "matched_by_person": Code("confirm", "没有订单号，按收件人和手机找到的", "Found by name and phone"),
    "split_guessed": Code("confirm", "几个包裹没写各装什么，按顺序分的", "Several parcels without contents; shared out in order"),
    "correction": Code("confirm", "已发货，将把运单号更正为表里的", "Shipped already; the number will be corrected"),
    "address_stale": Code("confirm", "导出后改过地址，请核对面单", "The address was changed after labels or a list were made; check the label"),
    "formula_cell": Code("confirm", "有公式，按表里保存的结果读", "A formula; its saved result was read"),
    "merged_cell": Code("confirm", "合并的单元格，按第一格读", "Merged cells; read from the first"),
    # For information
    "together": Code("note", "同一跟团号的几单一起发", "Orders of one number leave together"),
    "goes_along": Code("note", "没填运单号，和同一跟团号的一行一起发", "No number filled in; it leaves with a row of the same 跟团号"),
    "left_behind": Code("note", "同一跟团号还有没发的单，没有一起发", "Other orders of this number stay behind"),
    "together_elsewhere": Code("note", "同一跟团号还有单寄往别的地址，没有一起发", "Orders of this number to another address stay behind"),
    "same": Code("note", "已经按这个运单号发货，不用改", "Shipped with this number already"),
    "not_filled": Code("note", "还没有填运单号", "No tracking number filled in yet"),
    "row_repeated": Code("note", "和前面一行重复", "The same as an earlier row"),
}  # fmt: skip
"""By code. The order is the order in which the preview shows the groups."""
RANK: Final = {code: n for n, code in enumerate(CODES)}
DOUBTS: Final = frozenset(code for code, about in CODES.items() if about.weight == "confirm")
