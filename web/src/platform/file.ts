import { commonHeaders } from '@/api/transport'
import { API_BASE, IS_H5 } from '@/config'

/**
 * Opens a sheet (or a PDF) of this shop that only the signed-in person may have: a download in the browser, which sends its cookie by
 * itself; a preview from where it can be sent on in the mini-program. Resolves to whether it worked.
 */
export function openSheet(path: string, fileType: 'xlsx' | 'pdf' = 'xlsx'): Promise<boolean> {
  if (IS_H5) {
    location.href = API_BASE + path
    return Promise.resolve(true)
  }
  return new Promise((resolve) => {
    const fail = (): void => resolve(false)
    uni.downloadFile({
      url: API_BASE + path,
      header: commonHeaders(),
      success: ({ statusCode, tempFilePath }) => {
        if (statusCode !== 200) fail()
        else uni.openDocument({ filePath: tempFilePath, fileType, showMenu: true, success: () => resolve(true), fail })
      },
      fail,
    })
  })
}
