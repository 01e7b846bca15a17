import { IS_H5 } from '@/config'

function saveInBrowser(url: string, name: string): boolean {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  return true
}

function saveInMiniProgram(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const fail = (): void => resolve(false)
    uni.downloadFile({
      url,
      success: ({ tempFilePath, statusCode }) => {
        if (statusCode !== 200) fail()
        else uni.saveImageToPhotosAlbum({ filePath: tempFilePath, success: () => resolve(true), fail })
      },
      fail,
    })
  })
}

/** Keeps a picture of this shop: a download in the browser, the album in the mini-program. Resolves to whether it worked. */
export function savePicture(url: string, name: string): Promise<boolean> {
  return IS_H5 ? Promise.resolve(saveInBrowser(url, name)) : saveInMiniProgram(url)
}
