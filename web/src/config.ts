/** True when this build runs in a browser. The build replaces it, so the other platform's code is dropped. */
export const IS_H5 = process.env.UNI_PLATFORM === 'h5'

/** True when this build runs as a WeChat mini-program. */
export const IS_MP = process.env.UNI_PLATFORM === 'mp-weixin'

/**
 * Address of the server as the mini-program sees it. The exported package carries this placeholder
 * and the server's `miniprogram export` command stamps the real origin over it.
 */
export const MINIPROGRAM_ORIGIN = '__YANTUAN_ORIGIN__'

/** Prefix of every request: same origin in the browser, the stamped address in the mini-program. */
export const API_BASE = IS_H5 ? '' : MINIPROGRAM_ORIGIN
