import { createSSRApp } from 'vue'

import { useBoot } from './api/boot'
import { setUnauthorizedHandler } from './api/transport'
import App from './App.vue'
import { IS_H5 } from './config'
import { locale } from './i18n'
import { rememberLanguage, reloadOnNewVersion } from './platform/browser'
import { enableKeyboard } from './platform/keyboard'
import { applyLarge } from './stores/prefs'
import { expandShort, toLogin } from './utils/routes'

function openShortLink(): void {
  const route = useBoot().route ?? expandShort(location.pathname, location.search)
  // The router reads the address once at start, so a short link must have become a page address before that.
  if (route && !location.pathname.startsWith('/pages/')) history.replaceState(history.state, '', route)
}

if (IS_H5) {
  openShortLink()
  applyLarge()
  enableKeyboard()
  reloadOnNewVersion()
  if (locale.value === 'en') rememberLanguage('en')
}
setUnauthorizedHandler(toLogin)

export function createApp() {
  const app = createSSRApp(App)
  return { app }
}
