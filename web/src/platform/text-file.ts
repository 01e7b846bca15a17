import { IS_H5 } from '@/config'

const MOST_BYTES = 20_000

interface Chosen {
  readonly path?: string
  readonly size?: number
  text?: () => Promise<string>
}

interface Chooser {
  chooseMessageFile?: (options: Readonly<Record<string, unknown>>) => void
}

/**
 * Lets a person choose a small text file: from the device in the browser, from a chat in the mini-program.
 * Resolves to its text, to '' when it can't be read, to null when nothing was chosen.
 */
export function pickText(extensions: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const taken = ({ tempFiles }: { tempFiles: Chosen | readonly Chosen[] }): void => {
      const file = Array.isArray(tempFiles) ? (tempFiles as readonly Chosen[])[0] : (tempFiles as Chosen)
      if (!file) resolve(null)
      else if ((file.size ?? 0) > MOST_BYTES) resolve('')
      else void read(file).then(resolve, () => resolve(''))
    }
    const options = { count: 1, extension: [...extensions], success: taken, fail: () => resolve(null) }
    if (IS_H5) uni.chooseFile({ ...options, type: 'all' } as unknown as UniApp.ChooseFileOptions)
    else (uni as unknown as Chooser).chooseMessageFile?.({ ...options, type: 'file' })
  })
}

async function read(file: Chosen): Promise<string> {
  if (file.text) return file.text()
  return new Promise((resolve, reject) => {
    uni.getFileSystemManager().readFile({
      filePath: file.path ?? '',
      encoding: 'utf-8',
      success: ({ data }) => resolve(String(data)),
      fail: () => reject(new Error('the file cannot be read')),
    })
  })
}
