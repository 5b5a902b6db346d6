import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds. */
interface Found {
  readonly violations: readonly { readonly id: string; readonly help: string }[]
}

/** What axe finds wrong with a page, in the light and in the dark. */
export async function flawsOf(page: Page): Promise<string[]> {
  const flaws: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(axe)
    const { violations } = await page.evaluate<Found>(`axe.run({ runOnly: ${JSON.stringify(rules)} })`)
    flaws.push(...violations.map(({ id, help }) => `${colorScheme}: ${id}: ${help}`))
  }
  return flaws
}
