import { IS_H5 } from '@/config'

interface Chosen {
  readonly path?: string
  readonly name?: string
  readonly size?: number
}

interface Chooser {
  chooseMessageFile?: (options: Readonly<Record<string, unknown>>) => void
}

/** A file somebody chose, ready for `api.upload`. */
export interface SheetFile {
  readonly path: string
  readonly name: string
  readonly size: number
}

/** Lets a person choose one spreadsheet: from the device in the browser, from a chat in the mini-program. Null when they turned back. */
export function pickSheet(): Promise<SheetFile | null> {
  return new Promise((resolve) => {
    const taken = (answer: { tempFilePaths?: string | readonly string[]; tempFiles: Chosen | readonly Chosen[] }): void => {
      const file = Array.isArray(answer.tempFiles) ? (answer.tempFiles as readonly Chosen[])[0] : (answer.tempFiles as Chosen)
      const path = file?.path ?? ([] as string[]).concat((answer.tempFilePaths ?? []) as string[])[0] ?? ''
      resolve(file && path ? { path, name: file.name ?? '', size: file.size ?? 0 } : null)
    }
    const options = { count: 1, extension: ['.xlsx', '.csv', '.txt', '.xls'], success: taken, fail: () => resolve(null) }
    if (IS_H5) uni.chooseFile({ ...options, type: 'all' } as unknown as UniApp.ChooseFileOptions)
    else (uni as unknown as Chooser).chooseMessageFile?.({ ...options, extension: ['xlsx', 'csv', 'txt', 'xls'], type: 'file' })
  })
}
