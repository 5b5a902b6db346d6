import { afterEach, describe, expect, test } from '@jest/globals'
import { CookieJar } from '../../lib/testing/cookie-jar.js'
import { files, textOf } from '../setup/tree.js'
import { type Application, type StorageName, startApplication } from './application.js'
import { storageNames, type Left, type Records, writeRecords } from './records.js'

let app: Application | undefined
afterEach(() => app?.close())

/** The application after its update, and a browser that kept its cookies. */
async function updated(storage: StorageName, { cookie, entries }: Left) {
  app = await startApplication(storage, entries)
  app.clock.advance(60)
  const jar = new CookieJar()
  jar.take(cookie.split('; '))
  return { app, jar, open: async (path: string) => (await startedVisit(path, jar)).text }
}

async function startedVisit(path: string, jar: CookieJar) {
  if (app === undefined) throw new Error('the application has not been started')
  return app.visit(path, jar)
}

const kept = files('test/upgrade/written-by').map(
  (path) => [path.replace(/^.*\/|\.json$/g, ''), JSON.parse(textOf(path)) as Records] as const,
)

test('whatever is sealed names the version of its format', () => {
  const unversioned = /\.seal\(\{(?![^}]*(?:\bv:|\.\.\.))/
  expect(unversioned.test('seal.seal({ exp, a })')).toBe(true)
  expect(files('lib').filter((path) => unversioned.test(textOf(path)))).toEqual([])
})

test('records of older versions are there', () => {
  expect(kept.map(([version]) => version)).toContain('0.1.0')
})

describe.each([...kept, ['this version', undefined] as const])('after an update, what %s wrote:', (_name, given) => {
  let records: Records
  const load = async () => (records = given ?? (await writeRecords()))

  test.each(storageNames)('a session stays signed in, is used and renewed (kept by %s)', async (storage) => {
    await load()
    const { app: running, jar, open } = await updated(storage, records.sessions[storage])
    expect(await open('/')).toBe('{"sub":"alice"}')
    running.clock.advance(43_200)
    expect(await open('/')).toBe('{"sub":"alice"}')
    expect(jar.header).not.toBe(records.sessions[storage].cookie)
  })

  test.each(storageNames)('a login under way ends where it was to lead (kept by %s)', async (storage) => {
    await load()
    const { authorizationUrl, returnTo, ...left } = records.logins[storage]
    const { app: running, jar, open } = await updated(storage, left)
    expect(await open('/')).toBe('{"sub":null}')
    const { location } = await running.visit(running.approve(authorizationUrl), jar)
    expect(location).toBe(returnTo)
    expect(await open('/')).toBe('{"sub":"alice"}')
  })

  test.each(['shared', 'store'] as const)('a session that was ended stays ended (kept by %s)', async (storage) => {
    await load()
    const { open } = await updated(storage, records.ended[storage])
    expect(await open('/')).toBe('{"sub":null}')
  })

  test('a logout at the provider comes back to the page that was asked for', async () => {
    await load()
    const { path, returnTo, ...left } = records.logout
    const { app: running, jar } = await updated('cookie', left)
    expect(await running.visit(path, jar)).toMatchObject({ status: 302, location: returnTo })
  })

  test('an entry of the store names the version of its format', async () => {
    await load()
    const { sessions, logins, ended } = records
    const names = [sessions, logins, ended].flatMap((all) =>
      Object.values(all).flatMap(({ entries }) => Object.keys(entries)),
    )
    const kinds = names.map((name) => name.split(':')[0])
    expect(kinds).toEqual(expect.arrayContaining(['session', 'target', 'end']))
    expect(names.filter((name) => !/^[a-z-]+:\d+:[\w-]{43}$/.test(name))).toEqual([])
  })
})
