import { IS_H5 } from '@/config'
import { t } from '@/i18n'

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { rawValue: string }[]>
}
type DetectorClass = new (options: { formats: string[] }) => Detector

/** `code` holds the text; `closed` means the person turned back; `unsupported` and `denied` mean: offer typing. */
export type ScanOutcome =
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'closed' | 'unsupported' | 'denied' }

function detectorClass(): DetectorClass | undefined {
  return (window as { BarcodeDetector?: DetectorClass }).BarcodeDetector
}

/** Whether a scan button makes sense here. Some browsers (iPhone) can't decode; pages then offer typing only. */
export function canScan(): boolean {
  return !IS_H5 || (!!detectorClass() && !!navigator.mediaDevices?.getUserMedia)
}

function scanInMiniProgram(): Promise<ScanOutcome> {
  return new Promise((resolve) => {
    uni.scanCode({
      // A mini-program code of our own holds no text; what it opens is in `path`.
      success: ({ result, path }: { result?: string; path?: string }) => resolve({ kind: 'code', text: result || (path ?? '') }),
      fail: ({ errMsg = '' }: { errMsg?: string }) =>
        resolve({ kind: /auth|permission/i.test(errMsg) ? 'denied' : 'closed' }),
    })
  })
}

interface Viewfinder {
  readonly video: HTMLVideoElement
  readonly closed: () => boolean
  remove(): void
}

function openViewfinder(stream: MediaStream): Viewfinder {
  const cover = document.createElement('div')
  cover.style.cssText = 'position:fixed;inset:0;z-index:2000;background:#000;color:#fff;display:flex;flex-direction:column'
  const video = document.createElement('video')
  video.style.cssText = 'flex:1;min-height:0;width:100%;object-fit:cover'
  video.playsInline = true
  video.muted = true
  video.srcObject = stream
  const hint = document.createElement('p')
  hint.style.cssText = 'margin:0;padding:16px;text-align:center'
  hint.textContent = t('scan.hint')
  const close = document.createElement('button')
  close.style.cssText = 'min-height:56px;border:0;background:#1f2329;color:#fff;font-size:16px'
  close.textContent = t('common.close')
  let isClosed = false
  close.addEventListener('click', () => {
    isClosed = true
  })
  cover.append(video, hint, close)
  document.body.append(cover)
  return {
    video,
    closed: () => isClosed,
    remove: () => {
      stream.getTracks().forEach((track) => track.stop())
      cover.remove()
    },
  }
}

async function readUntilFound(finder: Viewfinder, detector: Detector): Promise<ScanOutcome> {
  await finder.video.play()
  while (!finder.closed()) {
    const [found] = await detector.detect(finder.video)
    if (found) return { kind: 'code', text: found.rawValue }
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  return { kind: 'closed' }
}

async function scanInBrowser(): Promise<ScanOutcome> {
  const Detector = detectorClass()
  if (!Detector || !canScan()) return { kind: 'unsupported' }
  let stream: MediaStream
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  } catch {
    // Refused permission, no camera, or a page without https: the person types the code instead.
    return { kind: 'denied' }
  }
  const finder = openViewfinder(stream)
  try {
    return await readUntilFound(finder, new Detector({ formats: ['qr_code', 'code_128', 'ean_13', 'code_39'] }))
  } finally {
    finder.remove()
  }
}

/** Scans one QR code or bar code. Never throws. */
export function scan(): Promise<ScanOutcome> {
  return IS_H5 ? scanInBrowser() : scanInMiniProgram()
}
