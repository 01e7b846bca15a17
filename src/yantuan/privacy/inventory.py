"""The registry of personal data: every column that holds something of a person, or a secret."""

from __future__ import annotations

from typing import Final

from django.apps import apps

from yantuan.kernel.personal import Basis, Held, Inventory, Leaving
from yantuan.privacy.harmless import HARMLESS

_C, _K, _L, _S = Basis.CONSENT, Basis.CONTRACT, Basis.LAW, Basis.SECRET
_ERASED, _EXPIRES, _STAYS, _OTHERS = (
    Leaving.ERASED, Leaving.EXPIRES, Leaving.STAYS, Leaving.OTHERS,
)  # fmt: skip
_ACCOUNT = "账号存续期间"
_ORDER = "下单后 3 年 3 个月（交易完成后至少 3 年，电子商务法第三十一条），期满清空"
_OWN = "仅本人"

_PEOPLE: Final = (
    Held("identity.Person", ("nickname", "avatar_media_id"), "昵称、头像", "在团购和订单里称呼本人", _C, _ACCOUNT,
         "本人；团长看全名；公开接龙里遮住中间，可隐藏", _ERASED),
    Held("identity.Person", ("phone_hash", "phone_sealed", "phone_last4"), "手机号", "登录、找回账号、重要操作核实", _K, _ACCOUNT,
         "加密保存；页面只显示前三后四位，控制台只显示尾号", _ERASED),
    Held("identity.Channel", ("openid", "unionid"), "微信标识", "用微信登录、支付和收消息", _K, _ACCOUNT,
         "不显示；控制台只显示末六位", _ERASED),
    Held("identity.Session", ("token_hash", "user_agent"), "登录状态、浏览器名称", "保持登录，让本人看到并结束自己的登录", _K,
         "失效后 30 天", _OWN, _ERASED),
    Held("desk.DeskSignIn", ("secret_hash", "code_hash", "user_agent"), "电脑登录码的摘要、浏览器名称", "用手机确认电脑登录", _K, "1 天",
         "确认登录的本人", _EXPIRES),
    Held("identity.SmsCode", ("phone_hash",), "手机号的摘要", "核对验证码、限制发送次数", _K, "2 天", "不显示", _EXPIRES),
    Held("identity.Address",
         ("name", "phone_sealed", "phone_last4", "province", "city", "district", "detail", "building", "unit", "room"),
         "收货人、手机号、地址", "下单时选用", _K, "本人删除或注销前", _OWN, _ERASED),
    Held("identity.Address", ("lat_e6", "lng_e6"), "收货地址在地图上的位置（经纬度）", "同城配送按直线距离算运费", _C, "本人清除、删除地址或注销前",
         "仅本人；订单只留距离，不留位置", _ERASED),
    Held("media.Media", ("key", "owner_id"), "上传的图片", "头像、付款截图、售后照片、跟团问题的图片、认证材料", _K,
         "认证材料在处理后 30 天（papers_days）；其余随用途", "私密的只给本人和处理它的人，查看大图记入审计", _ERASED),
    Held("notices.InboxMessage", ("body",), "站内消息", "告诉本人订单的变化", _K, "180 天", _OWN, _ERASED),
    Held("notices.Consent", ("person_id", "template_id"), "订阅消息的同意", "按本人的同意发消息", _C, _ACCOUNT, "不显示", _ERASED),
    Held("notices.ConsentMark", ("key",), "订阅消息的同意记录", "同一次同意只算一次", _C, "2 天", "不显示", _EXPIRES),
    Held("moderation.Submission", ("wish",), "待审核的昵称、头像、卖场和商品文字", "公开前的内容检查", _L, "有新的为止", "作者和运营", _ERASED),
    Held("moderation.Verdict", ("text", "media_id", "token"), "送检的文字和图片", "公开前的内容检查", _L, "30 天", "运营", _EXPIRES),
    Held("sharing.ShareOpen", ("visitor",), "访客的摘要（每天换一次密钥）", "一天内同一访客只计一次", _K, "7 天", "不显示", _EXPIRES),
)  # fmt: skip

_TRADE: Final = (
    Held("orders.Order",
         ("recipient_name", "phone_sealed", "phone_last4", "province", "city", "district", "detail", "building", "unit", "room"),
         "收货人、手机号、地址", "发货或自提", _K, _ORDER, "默认遮住；团长只能对已付款、未完成的订单查看全部，每次记入审计", _ERASED),
    Held("orders.LocalDelivery", ("metres",), "收货地址离发货处的直线距离", "说明运费怎么算的、安排配送", _K, _ORDER, "买家；团长", _ERASED),
    Held("orders.OrderEvent", ("data",), "改地址前后的姓名、手机号和地区，都遮住", "看清地址改过什么", _K, _ORDER, "买家、团长", _ERASED),
    Held("orders.Order", ("remark", "answers"), "买家留言、跟团问题的回答", "按买家的要求交付", _K, _ORDER, "团长", _ERASED),
    Held("orders.Order", ("private_note",), "团长的备注", "团长处理订单", _K, _ORDER, "团长", _ERASED),
    Held("orders.Order", ("pickup_snapshot",), "自提点的联系人和电话", "买家找到自提点", _K, _ORDER, "该订单的买家", _OTHERS),
    Held("payments.PaymentAttempt", ("payer_openid", "request_body"), "付款人的微信标识和上网地址", "发起支付、上传发货信息", _L,
         _ORDER, "不显示", _ERASED),
    Held("payments.ProviderNotice", ("headers", "body", "resource"), "支付平台的通知，含付款人的微信标识", "收款凭据", _L, _ORDER,
         "运营", _ERASED),
    Held("payments.OfflineProof", ("media_id", "note"), "线下付款的截图和说明", "团长核对收款", _K, _ORDER, "该卖场的团长", _ERASED),
    Held("aftersales.AfterSale", ("description", "media_ids"), "售后说明和照片", "处理售后", _K, _ORDER, "团长；升级后运营", _ERASED),
    Held("aftersales.AfterSale", ("return_snapshot",), "团长的退货地址", "买家退货", _K, _ORDER, "该订单的买家", _OTHERS),
    Held("notices.Delivery", ("recipient", "body"), "发出的消息", "送达和查错", _K, "180 天", "团长看发给自己的；运营", _ERASED),
    Held("notices.ServiceCard", ("openid",), "付款人的微信标识", "更新微信服务卡片", _K, "卡片结束后清空", "不显示", _ERASED),
    Held("tracking.TraceStep", ("text",), "物流轨迹，已去掉电话和姓名", "买家看到包裹在哪", _K, _ORDER, "买家、团长", _STAYS),
    Held("tracking.Tracking", ("latest",), "最近一条轨迹，已去掉电话和姓名", "买家看到包裹在哪", _K, _ORDER, "买家、团长", _STAYS),
    Held("tracking.CourierPush", ("sealed",), "快递服务的推送，可能含电话", "更新轨迹", _K, "处理后数周清空", "加密保存，不显示", _EXPIRES),
    Held("push.PushMessage", ("sealed",), "微信的推送，含微信标识", "处理微信告知的事", _K, "30 天", "加密保存；运营", _EXPIRES),
)  # fmt: skip

_SELLERS: Final = (
    Held("leaders.Leader", ("display_name",), "团长的称呼", "买家认得团长", _C, _ACCOUNT, "公开", _ERASED),
    Held("leaders.Certification", ("legal_name", "id_number_sealed", "id_number_tail", "contact_name"), "实名、证件号、联系人",
         "核实经营者身份（电子商务法第二十七条）", _L, "团长资格存续期间", "证件号加密，本人只见尾号；运营查看记入审计", _ERASED),
    Held("leaders.Certification", ("id_number_hash",), "证件号的摘要", "被暂停的人不能换号再来", _L, "长期", "不显示", _STAYS),
    Held("leaders.Certification", ("paper_media_ids",), "证件照片的编号", "核实经营者身份", _L, "照片在处理后 30 天删除", "运营，查看记入审计", _ERASED),
    Held("leaders.InviteCode", ("code_hash", "code_sealed"), "邀请码", "开通团长", _S, "长期", "运营", _OTHERS),
    Held("leaders.InviteCode", ("phone_hash", "phone_last4", "note"), "限定的手机号、备注", "邀请码只给约定的人", _K, "长期", "运营只见尾号", _ERASED),
    Held("stores.Store", ("contact_wechat", "contact_phone"), "卖场的联系方式", "买家联系卖场", _C, "卖场存续期间", "公开", _OTHERS),
    Held("stores.Store", ("freight_template",), "同城配送的发货位置（经纬度）", "按直线距离算运费", _C, "卖场存续期间", "该卖场的团长；买家只见距离", _OTHERS),
    Held("groupbuys.GroupBuy", ("options",), "只用于这个团的发货位置（经纬度）", "按直线距离算运费", _C, "卖场存续期间", "该卖场的团长；买家只见距离", _OTHERS),
    Held("stores.Store", ("return_name", "return_phone", "return_address", "collection_code_media_id"), "退货地址、收款码",
         "退货、线下付款", _K, "卖场存续期间", "有订单的买家", _OTHERS),
    Held("stores.PickupPoint", ("name", "address", "contact_name", "contact_phone"), "自提点及其联系人", "买家找到自提点", _C,
         "卖场存续期间", "公开；电话只给下单的人", _OTHERS),
    Held("members.Member", ("note", "door"), "团长对团员的备注、最近的楼栋房号", "团长认得自己的团员", _K, _ORDER, "该卖场的团长和管订单的管理员", _ERASED),
    Held("members.MemberTag", ("name",), "团长给团员的标签", "团长认得自己的团员", _K, _ORDER, "该卖场的团长和管订单的管理员", _ERASED),
    Held("proxies.StandIn", ("who", "phone_hash"), "代下单的人的姓名门牌和手机号的摘要", "同一个人不重复下单、本人认领时核对", _K,
         "名下订单清空后，或 30 天没有订单", "不显示", _ERASED),
    Held("proxies.StandIn", ("token_hash", "token_sealed"), "付款链接", "任何拿到链接的人可以代付", _S, "同上",
         "该卖场的团长", _ERASED),
    Held("waiting.Wish", ("person", "quantity"), "候补的商品和件数", "有货时按顺序通知本人", _K, "团购结束后随订单", _OWN, _STAYS),
    Held("teams.Seat", ("person",), "参加了哪个拼团", "成团或退款", _K, "随订单", "同团的人只见遮住的昵称", _STAYS),
    Held("stores.BlockedBuyer", ("person_id", "reason"), "不接单的买家和原因", "卖场不接某人的订单", _K, "团长取消为止", "该卖场的团长", _ERASED),
    Held("staff.StaffMember", ("note",), "管理员的称呼", "团长认得管理员", _K, "管理期间", "该卖场的团长", _ERASED),
    Held("staff.StaffInvite", ("token_hash", "note"), "管理员邀请、称呼", "邀请只给约定的人", _K, "7 天失效", "该卖场的团长", _OTHERS),
    Held("gate.PickupPass", ("person", "friend", "code_hash", "salt", "digest"), "代取码的摘要、代取人的称呼", "请人代取", _K, "当天起 30 天", "本人；核销台只见遮住的称呼",
         _ERASED),
    Held("hosts.PointHost", ("note",), "自提点负责人的称呼", "团长认得负责人", _K, "负责期间", "该卖场的团长", _ERASED),
    Held("hosts.HostInvite", ("token_hash", "note"), "自提点负责人邀请、称呼", "邀请只给约定的人", _K, "7 天失效", "该卖场的团长", _OTHERS),
    Held("merchants.MerchantApplication", ("form_sealed",), "商户进件的全部资料", "向微信支付申请子商户号", _L,
         "申请结束时清空；180 天没有修改的草稿同样", "加密保存；本人只见末四位", _OTHERS),
    Held("merchants.MerchantApplication", ("papers", "pictures"), "进件照片的编号", "同上", _L, "照片在申请结束后 30 天删除", _OWN, _OTHERS),
    Held("merchants.MerchantAccount", ("keys_sealed", "old_keys_sealed", "apiv3_tail", "public_key_id"), "商户密钥", "收款和退款", _S,
         "停用且最后一笔付款满一年后销毁", "加密保存；本人只见末四位", _OTHERS),
    Held("notices.LeaderChannel", ("target_sealed", "target_hint"), "团长的邮箱或群机器人", "新订单提醒", _C, "团长改掉为止",
         "加密保存；本人只见提示", _OTHERS),
    Held("reports.OrderExport", ("file_key",), "导出的表格", "团长发货", _K, "文件 1 天后删除", "下载的团长，记入审计", _EXPIRES),
    Held("fulfilment.ShipImport", ("file_key", "title"), "批量发货的表格，含收件人", "登记快递单号", _K, "读完即删，只留遮住的对照结果", "该卖场的团长",
         _OTHERS),
    Held("splits.SplitParty", ("number", "name_sealed", "name_shown"), "分账接收方", "按约定分账", _K, "约定存续期间", "姓名加密，只见末字", _OTHERS),
)  # fmt: skip

_HOUSE: Final = (
    Held("auth.User", ("username", "password", "first_name", "last_name", "email"), "运营人员的账号", "进入控制台", _K, "任职期间",
         "运营；密码只存摘要", _OTHERS),
    Held("otp_totp.TOTPDevice", ("name", "key"), "运营人员的验证器密钥", "控制台二次验证", _S, "任职期间", "不显示", _OTHERS),
    Held("sessions.Session", ("session_key", "session_data"), "控制台的登录状态", "保持登录", _S, "过期后 1 天", "不显示", _OTHERS),
    Held("kernel.AuditEntry", ("actor_id", "data"), "谁在何时查看或改动了什么，只有编号", "追查泄露（第五十四、五十七条）", _L, "长期，只增不改",
         "运营", _STAYS),
    Held("kernel.OutboxEvent", ("key", "payload"), "待办事件，只有编号；验证码事件含加密的手机号", "提交之后的工作", _K, "完成后 7 天", "运营", _EXPIRES),
    Held("kernel.IdempotencyRecord", ("key", "answer"), "防重复提交的回答", "同一次提交只算一次", _K, "30 天", "不显示", _EXPIRES),
    Held("kernel.RateCount", ("key",), "限次计数，含手机号摘要或上网地址", "防刷", _K, "2 天", "不显示", _EXPIRES),
)  # fmt: skip

INVENTORY: Final = Inventory((*_PEOPLE, *_TRADE, *_SELLERS, *_HOUSE), HARMLESS)


def tables() -> list[tuple[str, list[str]]]:
    """Every table of this instance with its columns."""
    return [
        (model._meta.label, [field.name for field in model._meta.concrete_fields])
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    ]


def missing() -> list[str]:
    """Columns that look personal and stand nowhere."""
    return INVENTORY.missing(tables())


def stale() -> list[str]:
    """Declared columns that don't exist, or stand there twice. Tables of parts this process has not loaded don't count."""
    standing = dict(tables())
    declared = INVENTORY.columns()
    gone = [
        f"{m}.{f}"
        for m, f in declared
        if m in standing and f not in standing[m] and f"{f}_id" not in standing[m]
    ]
    unknown = [f"{m}.{f}" for m, f in declared if m not in standing]
    twice = sorted({f"{m}.{f}" for m, f in declared if declared.count((m, f)) > 1})
    return gone + unknown + twice
