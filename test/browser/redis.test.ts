import { expect, test } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { isSignedIn, openStop, press, signIn } from './steps.js'

describeWith('redis-server', 'the demo as two processes on one Redis', () => {
  describeWith('chromium', 'in a browser:', (path) => {
    const stage = setStage(path, ['--redis'])

    /** The processes that have answered when a page was loaded so many times. */
    async function answering(page: Page, times: number): Promise<ReadonlySet<string>> {
      const seen = new Set<string>()
      for (let load = 0; load < times; load += 1) {
        await page.goto(stage.demo().app)
        seen.add((await page.textContent('#answered-by')) ?? '')
        expect(await page.textContent('#user-name')).toBe('Alice Archer')
      }
      return seen
    }

    test('a person who signed in on one is signed in on the other, with the whole flow in the timeline', async () => {
      const { page, complaints } = await stage.visitor()
      await signIn(page, stage.demo().app, 'alice')
      expect((await answering(page, 6)).size).toBe(2)
      await liveFrom(page).waitFor()
      expect(await portray(page, 'redis')).toEqual([])
      await openStop(page, stage.demo().app, 'sign-in')
      expect(await page.locator('#timeline .flow').first().textContent()).toMatch(/Login.*You are in/s)
      await openStop(page, stage.demo().app, 'signals')
      expect(await press(page)).toContain('401 The phone, a moment later')
      expect(complaints).toEqual([])
    })

    test('signing out everywhere reaches the live connections of both processes', async () => {
      const { app } = stage.demo()
      const visitors = await Promise.all([1, 2, 3, 4].map(() => stage.visitor()))
      for (const { page } of visitors) await signIn(page, app, 'alice')
      const [first, ...others] = visitors
      const pages = others.map(({ page }) => page)
      const served = await Promise.all(pages.map((page) => liveFrom(page).textContent()))
      expect(new Set(served).size).toBe(2)
      if (first !== undefined) await openStop(first.page, app, 'devices')
      await first?.page.click('#sign-out-everywhere')
      for (const page of pages) {
        await page.waitForSelector('#ended-after')
        expect(await page.textContent('#ended-after')).toMatch(/^\d+$/)
      }
    })

    // Last: nobody starts it again.
    test('killing one signs nobody out, and the live connection finds the other', async () => {
      const { app } = stage.demo()
      const { page } = await stage.visitor()
      const other = await stage.visitor()
      await signIn(page, app, 'alice')
      await signIn(other.page, app, 'alice')
      await liveFrom(page).waitFor()
      const victim = Number(await page.textContent('#live-from'))
      process.kill(victim, 'SIGKILL')
      await liveFrom(page)
        .filter({ hasNotText: String(victim) })
        .waitFor()
      const survivors = await answering(page, 4)
      expect([...survivors]).not.toContain(String(victim))
      expect(survivors.size).toBe(1)
      expect(await isSignedIn(other.page, app)).toBe(true)
      expect(await page.textContent('#running')).toBe([...survivors][0])
      expect(await page.locator('#stop-process').count()).toBe(0)
    })
  })

  describeWith('chromium', 'has a button that stops one process, which', (path) => {
    const stage = setStage(path, ['--redis'])

    test('is allowed for pages of the app only, ends the process that answered, and signs nobody out', async () => {
      const { app } = stage.demo()
      const { context, page } = await stage.visitor()
      await signIn(page, app, 'alice')
      const victim = await page.textContent('#answered-by')
      const forged = await context.request.post(`${app}/stop-process`, {
        headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
        form: { pid: victim ?? '' },
      })
      expect(forged.status()).toBe(403)
      expect(await page.textContent('#running')).toContain(victim)
      await page.click('#stop-process')
      await page
        .locator('#running')
        .filter({ hasNotText: String(victim) })
        .waitFor()
      expect(await page.textContent('#user-name')).toBe('Alice Archer')
      await page.reload()
      expect(await page.textContent('#answered-by')).not.toBe(victim)
    })
  })
})

/** The process that a page's live connection goes to, once it is there. */
function liveFrom(page: Page): Locator {
  return page.locator('#live-from', { hasText: /^\d+$/ })
}
