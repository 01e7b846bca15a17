import { commonHeaders } from '@/api/transport'
import { API_BASE, IS_H5 } from '@/config'

/**
 * An address a picture tag can show. The browser sends its cookie by itself; the mini-program fetches the file
 * with its token and shows the temporary copy. Empty when it could not be fetched, which shows as a blank tile.
 */
export function fetchPrivate(url: string): Promise<string> {
  if (IS_H5 || !url.startsWith('/')) return Promise.resolve(url)
  return new Promise((resolve) => {
    uni.downloadFile({
      url: API_BASE + url,
      header: commonHeaders(),
      success: ({ statusCode, tempFilePath }) => resolve(statusCode === 200 ? tempFilePath : ''),
      fail: () => resolve(''),
    })
  })
}
