import type { components } from '@/api/schema'

type Schemas = components['schemas']

// Short names of the server's answers on the selling side.
export type Store = Schemas['StoreOut']
export type StoreIn = Schemas['StoreIn']
export type PickupPoint = Schemas['PickupPointOut']
export type LeaderFile = Schemas['LeaderOut']
export type Product = Schemas['ProductOut']
export type Sku = Schemas['SkuOut']
export type SkuIn = Schemas['SkuIn']
export type Stock = Schemas['StockOut']
export type GroupBuy = Schemas['GroupBuyOut']
export type GroupBuyIn = Schemas['GroupBuyIn']
export type GroupBuyRow = Schemas['GroupBuyRow']
export type GroupStatus = GroupBuy['status']
export type Offer = Schemas['OfferOut']
export type Question = Schemas['Question']
export type Media = Schemas['MediaOut']
export type OrderDetail = Schemas['OrderDetail']
export type OrderRow = Schemas['OrderRow']
export type OrderLine = Schemas['OrderLineOut']
export type Parcel = Schemas['ParcelOut']
export type Refund = Schemas['RefundOut']
export type Proof = Schemas['ProofOut']
export type Carrier = Schemas['CarrierOut']
export type AfterSaleRow = Schemas['AfterSaleRow']
export type AfterSaleDetail = Schemas['AfterSaleDetail']
export type Share = Schemas['ShareOut']
export type Statement = Schemas['StatementOut']
export type OrderExport = Schemas['ExportOut']
export type Summary = Schemas['SummaryOut']
export type Channel = Schemas['ChannelOut']
export type Delivery = Schemas['DeliveryOut']
export type Message = Schemas['MessageOut']

/** What a YtTag shows of a state. */
export type Tone = 'neutral' | 'persimmon' | 'green' | 'amber' | 'red' | 'blue'
