import { defineConfig } from 'vitest/config'

import base from './vitest.config'

// The story needs a running server: tests/browser/test_miniprogram.py starts one and calls this.
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['tests/story/**/*.story.ts'], testTimeout: 240_000 },
})
