import type { GroupBuyPage, OrderDetail, Quote } from '@/api/types'

const NOW = '2026-11-22T10:00:00+00:00'
const PICTURE = { id: '1', url: '/media/a.webp', thumb_url: '/media/a_t.webp', width: 800, height: 600 }

export const ME = {
  person: { id: '1', nickname: '陈阿姨', avatar_url: '', phone_masked: '139****0002', has_phone: true, show_in_lists: true, language: 'zh' },
  leader: null,
  unread_leader: 0,
  unread_buyer: 2,
}

export const PAGE: GroupBuyPage = {
  id: '9',
  kind: 'dated',
  code: 'abc',
  title: '周五鲜果团',
  status: 'open',
  status_label: '进行中',
  server_time: NOW,
  starts_at: NOW,
  ends_at: '2026-11-24T10:00:00+00:00',
  cover_url: '/media/a.webp',
  blocks: [
    { kind: 'text', text: '产地直发', picture: null },
    { kind: 'picture', text: '', picture: PICTURE },
  ],
  products: [
    {
      id: 'p1',
      title: '红富士苹果',
      description: '脆甜',
      pictures: [PICTURE],
      price_min_fen: 2790,
      price_max_fen: 2790,
      sold: 2,
      offers: [{ id: 'o1', sku_name: '5斤', price_fen: 2790, limit_per_person: 2, stock: 58, sold: 2 }],
    },
    {
      id: 'p2',
      title: '草莓',
      description: '',
      pictures: [],
      price_min_fen: 2380,
      price_max_fen: 9700,
      sold: 0,
      offers: [
        { id: 'o2', sku_name: '尝鲜盒', price_fen: 2380, limit_per_person: 0, stock: 3, sold: 0 },
        { id: 'o3', sku_name: '礼盒', price_fen: 9700, limit_per_person: 0, stock: 0, sold: 0 },
      ],
    },
  ],
  store: {
    id: '5',
    code: 's1',
    name: '小满的果园',
    cover_url: '',
    introduction: '',
    notice: '周五自提',
    contact_wechat: 'lin',
    contact_phone: '',
    aftersale_policy: '坏果包赔',
    leader: { display_name: '林小满', avatar_url: '', certified: true, certified_kind: '个人', since: NOW },
    selling: true,
    collecting: true,
    coupons: false,
  },
  courier_enabled: true,
  freight_text: '运费 ¥8.00',
  freight_text_en: 'Delivery ¥8.00',
  pickup_enabled: true,
  pickup_points: [{ id: 'k1', name: '东门岗亭', address: '枫林路 88 弄', hours: '18:00–20:00', contact_name: '', contact_phone: '' }],
  payment_methods: ['wechatpay', 'offline'],
  questions: [{ id: 'q1', label: '楼栋', kind: 'text', choices: [], required: true }],
  joined: 1,
  show_joined: true,
  latest_joined: [{ number: 1, name: '何*', avatar_url: '', goods: '草莓×1', at: NOW }],
  forms: false,
  preview: false,
}

export const QUOTE: Quote = {
  lines: [{ offer_id: 'o1', title: '红富士苹果', sku_name: '5斤', picture_url: '', price_fen: 2790, quantity: 1, amount_fen: 2790, problem: '', problem_en: '', available: 58, suggested: 0 }],
  goods_fen: 2790,
  freight_fen: 800,
  gifts: [],
  deductions: [],
  hint: '',
  hint_en: '',
  coupon_problem: '',
  coupon_problem_en: '',
  demand: '',
  demand_en: '',
  needs_mark: false,
  total_fen: 3590,
  freight_text: '运费 ¥8.00',
  freight_text_en: 'Delivery ¥8.00',
  orderable: true,
}

export const ADDRESS = {
  id: 'a1', name: '陈阿姨', phone: '13910000000', province: '上海市', city: '上海市', district: '浦东新区', detail: '枫林路 88 弄',
  building: '1号楼', unit: '1单元', room: '101', spot: null, is_default: true, text: '上海市浦东新区枫林路 88 弄1号楼1单元101室',
}

export const ORDER: OrderDetail = {
  id: '77', store_id: '5', store_name: '小满的果园', group_buy_code: 'abc', group_buy_title: '周五鲜果团', number: 12,
  payment: 'paid', delivery: 'awaiting_pickup', aftersale: 'none',
  labels: { payment: '已支付', delivery: '待自提', aftersale: '无售后', headline: '待自提', waiting: '', waiting_en: '' },
  payment_method: 'wechatpay', delivery_method: 'pickup',
  lines: [{
    id: 'l1', offer_id: 'o1', title: '红富士苹果', sku_name: '5斤', sku_code: '', picture_url: '', price_fen: 2790, quantity: 1, amount_fen: 2790,
    freight_share_fen: 0, shipped_quantity: 0, picked_quantity: 0, refunded_quantity: 0, refunded_fen: 0,
  }],
  total_fen: 2790, paid_fen: 2790, refunded_fen: 0, recipient_name: '陈阿姨', phone: '13910000000', place: '东门岗亭', remark: '', private_note: '',
  flags: [], placed_at: NOW, expires_at: null, actions: ['pickup_code', 'aftersale', 'cancel'], goods_fen: 2790, freight_fen: 0, discount_fen: 0, deductions: [],
  answers: [{ label: '楼栋', answer: '三号楼' }],
  pickup_place: { name: '东门岗亭', address: '枫林路 88 弄', hours: '18:00–20:00', contact_name: '林', contact_phone: '13900000001' },
  pickup_code: '618447', parcels: [], refunds: [], proofs: [], aftersales: [],
  timeline: [{ at: NOW, text: '完成支付 ¥27.90', text_en: 'Paid ¥27.90', who: '微信支付', who_en: 'WeChat Pay', axis: 'payment', event: 'pay' }],
  paid_at: NOW, closed_at: null, close_reason: '', auto_receive_at: null, collection_code_url: '', offline_note: '', contact_wechat: 'lin', contact_phone: '', address_changes: 0,
}
