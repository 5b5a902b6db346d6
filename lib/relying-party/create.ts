import { hash } from 'node:crypto'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import type { Provider } from '../provider/provider.js'
import { RefreshGrants } from './tokens/refresh-grant.js'
import { type Application, createApplication } from './application.js'
import { allAtProvider } from './base-urls.js'
import { TargetQuota } from './login/transaction/target-quota.js'
import { UserinfoCache } from './userinfo-cache.js'
import type { RelyingParty } from './relying-party.js'

/** One of several relying parties of an application. */
interface OneOfSeveral {
  readonly application: Application
  /** Name of its provider. */
  readonly name: string
}

/** Puts a relying party together: the only one of its application, or one of several. */
export function createRelyingParty(
  configuration: OidcConfiguration,
  provider: Provider,
  runtime: Runtime,
  place?: OneOfSeveral,
): RelyingParty {
  const key = keyOf(configuration, place?.name)
  const application = place?.application ?? createApplication(configuration, key, runtime)
  const { httpTimeoutSeconds } = configuration
  return {
    ...application,
    configuration,
    key,
    ...(place === undefined
      ? {}
      : {
          baseUrls: allAtProvider(application.baseUrls, place.name),
          sessionProvider: { name: place.name, key: keyHash(key) },
        }),
    provider,
    targetQuota: new TargetQuota(runtime),
    grants: new RefreshGrants(provider, runtime, {
      slowSeconds: httpTimeoutSeconds,
      unansweredSends: application.unansweredSends,
    }),
    userinfo: new UserinfoCache(runtime),
    usedLogoutTokens: application.usedIdsOf(key),
  }
}

/** The key of a relying party: everything that is stored for it is stored under this key. */
function keyOf({ issuer, clientId }: OidcConfiguration, name: string | undefined): readonly string[] {
  return name === undefined ? [issuer, clientId] : [name, issuer, clientId]
}

// 132 bits, since each session has it.
function keyHash(key: readonly string[]): string {
  return hash('sha256', JSON.stringify(key), 'base64url').slice(0, 22)
}
