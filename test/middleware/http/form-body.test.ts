import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { codeOf, postedResponse, postResponse, renameField, subjectOf, tokenCalls } from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'

// Over http this works with a provider of the same site only, as it is here.
const formPost = { authorizationParams: { response_mode: 'form_post' }, dangerouslyAllowHttp: true }
let world: World
let browser: Browser
let before: number

describe.each(hosts.slice(0, 3))('the callback behind a body parser of the application on $name', (host) => {
  describe.each<[string, Handler]>([
    ['express.urlencoded, extended', express.urlencoded({ extended: true, limit: '2mb' }) as Handler],
    ['express.urlencoded', express.urlencoded({ extended: false, limit: '2mb' }) as Handler],
    ['express.text', express.text({ type: () => true, limit: '2mb' }) as Handler],
    ['express.raw', express.raw({ type: () => true, limit: '2mb' }) as Handler],
  ])('%s', (_name, parser) => {
    beforeAll(async () => {
      world = await startWorld({ host, oidc: formPost, before: [parser] })
    })
    afterAll(() => world.close())
    beforeEach(() => {
      browser = new Browser()
      before = tokenCalls(world)
    })

    test('CB21: signs in with a posted response', async () => {
      const answer = await postResponse(world, browser, await postedResponse(world, browser))
      expect([answer.status, answer.location]).toEqual([303, world.url('/private')])
      expect(await subjectOf(world, browser)).toBe('alice')
    })

    test('CB21: refuses a body over 64 KiB', async () => {
      const form = await postedResponse(world, browser)
      form.append('padding', 'a'.repeat(70_000))
      const answer = await postResponse(world, browser, form)
      expect([answer.status, codeOf(answer)]).toEqual([413, 'body_too_large'])
    })

    test.each(['state[]', 'state[a]', 'state[0]', '__proto__[state]'])(
      'CB18: does not accept %s as a state, whatever a parser makes of it',
      async (field) => {
        const form = await postedResponse(world, browser)
        renameField(form, 'state', field)
        const answer = await postResponse(world, browser, form)
        // Some parsers drop the last one, so that nothing of it is left: then a login of its own begins.
        if (answer.status !== 303) expect([answer.status, codeOf(answer)]).toEqual([400, 'state_missing'])
        else expect([field, new URL(answer.location ?? '').origin]).toEqual(['__proto__[state]', world.provider.issuer])
        expect(tokenCalls(world)).toBe(before)
      },
    )

    test('CB18: refuses a repeated parameter', async () => {
      const form = await postedResponse(world, browser)
      form.append('code', 'evil')
      const answer = await postResponse(world, browser, form)
      expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_response'])
    })
  })
})
