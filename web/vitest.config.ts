import { fileURLToPath } from 'node:url'

import { defineConfig } from 'vitest/config'

import { leaderWords } from './vite-leader-words'

export default defineConfig({
  plugins: [leaderWords()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { 'process.env.UNI_PLATFORM': JSON.stringify('h5') },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000,
    // The compiled mini-program is heavy to load; one process keeps small machines calm.
    pool: 'forks',
    poolOptions: { forks: { singleFork: true } },
  },
})
