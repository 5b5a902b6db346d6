import type { NamedProvider } from '../../options/oidc/providers/parse-providers.js'
import type { Readiness } from '../../provider/readiness.js'
import type { Application } from '../../relying-party/application.js'
import { noteLogin } from '../../resource-server/issuers/logins.js'
import { isSessionOf, KnownSessions } from './known-sessions.js'
import { closeRelyingParty, healthByName, type RelyingParties, type WebRelyingParty } from './relying-parties.js'
import { createWebRelyingParty } from './web-relying-party.js'

/** Creates the relying parties of the providers that the options list. */
export function listedRelyingParties(application: Application, providers: readonly NamedProvider[]): RelyingParties {
  const byName = new Map<string, WebRelyingParty>()
  for (const { name, configuration } of providers) {
    noteLogin(configuration)
    byName.set(name, createWebRelyingParty(configuration, application.runtime, { application, name }))
  }
  const listed = providers.map(({ name, label }) => ({ name, label }))
  const all = [...byName.values()]
  const [first, ...others] = all
  const find = (name: string): WebRelyingParty | undefined => byName.get(name)
  return {
    ...(first !== undefined && others.length === 0 ? { only: first } : {}),
    areNamed: true,
    mayLose: false,
    listed,
    all: () => all,
    find,
    of: (record) => {
      const rp = find(record.provider?.name ?? '')
      return isSessionOf(record, rp) ? rp : undefined
    },
    guard: (storage) => new KnownSessions(storage, find),
    health: () => healthByName(all),
    ready: () => allReady([...byName]),
    close: () => all.forEach(closeRelyingParty),
  }
}

// All are tried: one that is down must not leave the others without metadata.
async function allReady(relyingParties: readonly (readonly [string, WebRelyingParty])[]): Promise<Readiness> {
  const settled = await Promise.allSettled(
    relyingParties.map(async ([name, { provider }]) => {
      const { warnings } = await provider.ready()
      return warnings.map((warning) => `${name}: ${warning}`)
    }),
  )
  const failed = settled.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { warnings: settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])) }
}
