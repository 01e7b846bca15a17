import { privacyRefusal } from './privacy'

import { IS_H5 } from '@/config'

/** `denied`: no permission for the album (the way to the settings was offered). `closed`: the person turned back. */
export type SaveOutcome = 'saved' | 'denied' | 'closed' | 'failed'

function saveInBrowser(url: string, name: string): SaveOutcome {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  return 'saved'
}

function download(url: string): Promise<string> {
  return new Promise((resolve) => {
    uni.downloadFile({
      url,
      success: ({ tempFilePath, statusCode }) => resolve(statusCode === 200 ? tempFilePath : ''),
      fail: () => resolve(''),
    })
  })
}

function intoAlbum(filePath: string): Promise<SaveOutcome> {
  return new Promise((resolve) => {
    uni.saveImageToPhotosAlbum({
      filePath,
      success: () => resolve('saved'),
      fail: (cause: { errno?: number; errMsg?: string }) => {
        const words = cause.errMsg ?? ''
        if (privacyRefusal(cause) || /auth|permission/i.test(words)) resolve('denied')
        else resolve(/cancel/i.test(words) ? 'closed' : 'failed')
      },
    })
  })
}

/** Opens WeChat's settings; must be called from a tap. Resolves to whether the album is allowed now. */
function allowAlbum(): Promise<boolean> {
  return new Promise((resolve) => {
    uni.openSetting({
      success: ({ authSetting }) => resolve((authSetting as Record<string, boolean | undefined>)['scope.writePhotosAlbum'] === true),
      fail: () => resolve(false),
    })
  })
}

/**
 * Keeps a picture of this shop: a download in the browser, the album in the mini-program.
 *
 * @param askSettings asks whether to open the settings; WeChat never asks for the album a second time by itself
 */
export async function savePicture(url: string, name: string, askSettings: () => Promise<boolean>): Promise<SaveOutcome> {
  if (IS_H5) return saveInBrowser(url, name)
  const file = await download(url)
  if (!file) return 'failed'
  const outcome = await intoAlbum(file)
  if (outcome !== 'denied' || !(await askSettings()) || !(await allowAlbum())) return outcome
  return intoAlbum(file)
}
