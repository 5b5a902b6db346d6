import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { root } from '../setup/tree.js'

const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const
const schemes = ['light', 'dark'] as const

/**
 * Takes a page's picture at the widths of a desk and of a phone, in the light and in the dark, into `.screenshots/`.
 *
 * @returns The pictures in which something reaches beyond the right edge, so that people would have to scroll sideways.
 */
export async function portray(page: Page, name: string): Promise<string[]> {
  const tooWide: string[] = []
  for (const [device, size] of Object.entries(widths)) {
    await page.setViewportSize(size)
    for (const colorScheme of schemes) {
      // Half-way between two schemes a page has the colours of neither.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const picture = `${name}.${device}.${colorScheme}.png`
      await page.screenshot({ path: join(root, '.screenshots', picture), fullPage: true, animations: 'disabled' })
      const overflow: unknown = await page.evaluate('document.scrollingElement.scrollWidth - innerWidth')
      if (Number(overflow) > 0) tooWide.push(`${picture}: ${String(overflow)} px`)
    }
  }
  return tooWide
}
