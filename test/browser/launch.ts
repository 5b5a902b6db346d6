import { join } from 'node:path'
import { type Browser, type LaunchOptions, chromium } from 'playwright-core'
import { root } from '../setup/tree.js'

/** Starts Chromium without what no test looks at and every window pays for. */
export function launch(
  path: string,
  options: Pick<LaunchOptions, 'args' | 'ignoreDefaultArgs'> = {},
): Promise<Browser> {
  const executable =
    process.platform === 'win32'
      ? { executablePath: path }
      : { executablePath: join(root, 'test', 'browser', 'chromium.sh'), env: { ...process.env, CHROMIUM: path } }
  return chromium.launch({
    ...options,
    ...executable,
    args: ['--no-sandbox', '--disable-gpu', ...(options.args ?? [])],
  })
}
