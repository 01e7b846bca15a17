/// <reference types="vite/client" />

declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent<object, object, unknown>
  export default component
}

/** Replaced by the build; `#ifdef` is invisible to TypeScript, this is not. */
declare namespace NodeJS {
  interface ProcessEnv {
    readonly UNI_PLATFORM?: 'h5' | 'mp-weixin'
  }
}

/** Documented with the order-management pages of WeChat, but not yet in its typings. */
declare namespace WechatMiniprogram {
  interface Wx {
    openBusinessView(options: { businessType: 'weappOrderConfirm'; extraData: object; success?: () => void; fail?: (cause: { errMsg: string }) => void }): void
  }
}
