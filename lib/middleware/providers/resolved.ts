import type { ProvidersConfiguration } from '../../options/oidc/providers/parse-providers.js'
import type { Application } from '../../relying-party/application.js'
import { isSessionOf, KnownSessions } from './known-sessions.js'
import { type Resolver, ProviderDirectory } from './provider-directory.js'
import { closeRelyingParty, healthByName, type RelyingParties } from './relying-parties.js'

/** Creates the relying parties of providers that a function of the application finds. */
export function resolvedRelyingParties(
  application: Application,
  configuration: ProvidersConfiguration,
  resolver: Resolver,
): RelyingParties {
  const directory = new ProviderDirectory(application, configuration, resolver)
  return {
    areNamed: true,
    mayLose: true,
    listed: [],
    all: () => directory.all(),
    find: (name, req) => directory.find(name, { req, isFromPath: true }),
    of: (record) => {
      const rp = directory.known(record.provider?.name ?? '')
      return isSessionOf(record, rp) ? rp : undefined
    },
    guard: (storage, req) => new KnownSessions(storage, (name) => directory.find(name, { req, isFromPath: false })),
    health: () => healthByName(directory.all()),
    ready: async () => ({ warnings: [] }),
    close: () => directory.all().forEach(closeRelyingParty),
  }
}
