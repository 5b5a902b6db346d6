import { CookieJar } from '../../lib/testing/cookie-jar.js'
import { type Application, type Entries, type StorageName, startApplication } from './application.js'

/** What a version of this package left behind: `Cookie` headers of browsers, and what was in the store. */
export interface Records {
  /** Somebody signed in. */
  readonly sessions: Readonly<Record<StorageName, Left>>
  /** A login that is at the provider, and where it leads. */
  readonly logins: Readonly<
    Record<StorageName, Left & { readonly authorizationUrl: string; readonly returnTo: string }>
  >
  /** A session that was ended elsewhere: the cookie is still there. */
  readonly ended: Readonly<Record<'shared' | 'store', Left>>
  /** A logout that is at the provider, the path by which it comes back, and where it leads. */
  readonly logout: Left & { readonly path: string; readonly returnTo: string }
}

/** A browser's cookies, and what was in the store. */
export interface Left {
  readonly cookie: string
  readonly entries: Entries
}

/** The ways in which sessions are kept. */
export const storageNames: readonly StorageName[] = ['cookie', 'shared', 'store']

// Too long for the cookie of a login: it goes to the store, or to a cookie of its own.
const returnTo = `/reports?filter=${'a'.repeat(900)}`

/** Has this version write all of it. */
export async function writeRecords(): Promise<Records> {
  return {
    sessions: await each(storageNames, writeSession),
    logins: await each(storageNames, writeLogin),
    ended: await each(['shared', 'store'], writeEnded),
    logout: await writeLogout(),
  }
}

async function each<Name extends string, Value>(
  names: readonly Name[],
  write: (app: Application, jar: CookieJar) => Promise<Value>,
): Promise<Record<Name, Value>> {
  const written: [string, Value][] = []
  for (const name of names) written.push([name, await inApplication(name as unknown as StorageName, write)])
  return Object.fromEntries(written) as Record<Name, Value>
}

async function inApplication<Value>(
  storage: StorageName,
  write: (app: Application, jar: CookieJar) => Promise<Value>,
): Promise<Value> {
  const app = await startApplication(storage)
  try {
    return await write(app, new CookieJar())
  } finally {
    await app.close()
  }
}

async function writeSession(app: Application, jar: CookieJar) {
  await app.signIn(jar)
  return { cookie: jar.header, entries: app.entries() }
}

async function writeLogin(app: Application, jar: CookieJar) {
  const { location } = await app.visit(`/login?returnTo=${encodeURIComponent(returnTo)}`, jar)
  return { cookie: jar.header, entries: app.entries(), authorizationUrl: location, returnTo }
}

async function writeEnded(app: Application, jar: CookieJar) {
  await app.signIn(jar)
  const cookie = jar.header
  await app.visit('/logout', jar)
  return { cookie, entries: app.entries() }
}

function writeLogout() {
  return inApplication('cookie', async (app, jar) => {
    await app.signIn(jar)
    const { location } = await app.visit('/logout?returnTo=%2Fgoodbye', jar)
    const { searchParams } = new URL(location)
    const back = new URL(searchParams.get('post_logout_redirect_uri') ?? '')
    const path = `${back.pathname}?state=${searchParams.get('state') ?? ''}`
    return { cookie: jar.header, entries: app.entries(), path, returnTo: '/goodbye' }
  })
}
