import { expect, test } from '@jest/globals'
import { gzipSync } from 'node:zlib'
import { bundleBrowserClient } from '../../../scripts/build/browser.js'

test('the client of pages is one file without imports, smaller than 2 KB as it is sent', async () => {
  const text = await bundleBrowserClient()
  expect(text).not.toMatch(/\bimport\b/)
  expect(gzipSync(text).length).toBeLessThan(2048)
})
