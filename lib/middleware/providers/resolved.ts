import type { ProvidersConfiguration } from '../../options/oidc/providers/parse-providers.js'
import type { Application } from '../../relying-party/application.js'
import { SessionParties } from './known-sessions.js'
import { type Resolver, ProviderDirectory } from './provider-directory.js'
import { closeRelyingParty, healthByName, type RelyingParties } from './relying-parties.js'

/** Creates the relying parties of providers that a function of the application finds. */
export function resolvedRelyingParties(
  application: Application,
  configuration: ProvidersConfiguration,
  resolver: Resolver,
): RelyingParties {
  const directory = new ProviderDirectory(application, configuration, resolver)
  const sessions = new SessionParties((name, req) => directory.find(name, { req, isFromPath: false }))
  return {
    areNamed: true,
    mayLose: true,
    listed: [],
    all: () => directory.all(),
    find: (name, req) => directory.find(name, { req, isFromPath: true }),
    of: (record) => sessions.of(record),
    guard: (storage, req) => sessions.guard(storage, req),
    health: () => healthByName(directory.all()),
    ready: async () => ({ warnings: [] }),
    close: () => directory.all().forEach(closeRelyingParty),
  }
}
