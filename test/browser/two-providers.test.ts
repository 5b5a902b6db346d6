import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { describeWith } from '../setup/describe-with.js'
import { portray } from './screenshots.js'
import { setStage } from './stage.js'
import { answer, isSignedIn, leave } from './steps.js'

describeWith('chromium', 'the demo with two providers', (path) => {
  const stage = setStage(path, ['--two'])

  async function chooseAt(page: Page, label: string): Promise<void> {
    await page.goto(stage.demo().app)
    await page.click('#login')
    await page.getByRole('link', { name: label, exact: true }).click()
    await page.waitForSelector('#sign-in-alice')
  }

  test('a person chooses where to sign in, switches to the other provider, and logs out there', async () => {
    const { page, complaints } = await stage.visitor()
    const { app, provider } = stage.demo()
    await page.goto(app)
    expect(await portray(page, 'two.signed-out')).toEqual([])
    await page.click('#login')
    await page.getByRole('link', { name: 'Company', exact: true }).waitFor()
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Company', 'Home'])
    expect(await portray(page, 'two.choice')).toEqual([])

    await page.getByRole('link', { name: 'Company', exact: true }).click()
    await page.waitForSelector('#sign-in-alice')
    expect(page.url()).toMatch(`${provider}/`)
    expect(await page.title()).toBe('Sign in · Company')
    expect(await portray(page, 'two.company')).toEqual([])
    await answer(page, 'alice')
    expect(await page.textContent('#user-name')).toBe('Alice Archer')
    expect(await page.textContent('#provider')).toBe('Company')
    expect(await portray(page, 'two.signed-in-company')).toEqual([])

    await page.getByRole('button', { name: 'Sign in at Home instead' }).click()
    await page.waitForSelector('#sign-in-carol')
    expect(await page.title()).toBe('Sign in · Home')
    expect(await portray(page, 'two.home')).toEqual([])
    await answer(page, 'alice')
    expect(await page.textContent('#user-name')).toBe('Alice Albers')
    expect(await page.textContent('#provider')).toBe('Home')
    expect(await portray(page, 'two.signed-in-home')).toEqual([])

    await leave(page)
    expect(await page.title()).toBe('Sign out · Home')
    expect(await isSignedIn(page, app)).toBe(false)
    await page.click('#confirm-logout')
    await page.waitForSelector('#signed-out')
    expect(page.url()).toBe(`${app}/`)
    expect(complaints).toEqual([])
  })

  test('a page for one provider sends who is signed in at the other there, and back', async () => {
    const { page } = await stage.visitor()
    await chooseAt(page, 'Home')
    await answer(page, 'alice')
    await page.click('#company-link')
    await page.waitForSelector('#sign-in-bob')
    await page.click('#sign-in-bob')
    await page.waitForSelector('#company')
    expect(page.url()).toBe(`${stage.demo().app}/company`)
    expect(await portray(page, 'two.company-only')).toEqual([])
  })

  test('the session at the first provider outlives a login at the second one', async () => {
    const { page } = await stage.visitor()
    await chooseAt(page, 'Company')
    await answer(page, 'bob')
    await page.click('#switch-home')
    await page.click('#sign-in-alice')
    await page.waitForSelector('#switch-company')
    await page.click('#switch-company')
    await page.waitForSelector('#switch-home')
    expect(await page.textContent('#user-name')).toBe('Bob Bergmann')
  })
})
