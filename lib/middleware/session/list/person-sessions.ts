import type { IncomingMessage } from 'node:http'
import { quoted } from '../../../base/error-cause.js'
import { configuredIssuer } from '../../../options/common/provider-description.js'
import { isIssuerTemplate, tenantIn } from '../../../options/common/tenants.js'
import { kindOf } from '../../../options/given.js'
import type { OidcConfiguration } from '../../../options/oidc/schema.js'
import type { Person } from '../../../session/list/entry.js'
import type { SessionList } from '../../../session/list/session-list.js'
import type { WebRelyingParty } from '../../providers/relying-parties.js'
import type { OidcContext } from '../request-context.js'
import { endListed, invalid, type ListedSession, listedSession, requireSessionList } from './listed-session.js'

/** Where a person has signed in: a `sub` is unique at one issuer only. */
export interface PersonOptions {
  /** Name of the provider, if `oidc()` has several. @default none */
  provider?: string | undefined
  /** Issuer of the person's tenant, as in `req.auth.issuer`, if the option `issuer` is a template. @default the option `issuer` */
  issuer?: string | undefined
  /** The request at hand, if `providers` is a function, which may be called with it. @default none */
  req?: IncomingMessage | undefined
}

/** The sessions of any person, for administrators of the application. */
export interface PersonSessions {
  /**
   * Lists the sessions of a person, the one that was renewed last first: 100 at most.
   *
   * @example
   * ```ts
   * const auth = oidc({ ...options, sharedStore })
   * const sessions = await auth.sessions.list('alice')
   * ```
   *
   * @param subject - `sub` of the person
   * @throws {SessionError} `session_store_unavailable`
   * @throws {ConfigurationError} `invalid_options` without a shared store, or if the person is invalid
   * @throws {ProviderError} `provider_options_unavailable`, if `providers` is a function
   */
  list(subject: string, options?: PersonOptions): Promise<readonly ListedSession[]>
  /**
   * Ends one session of a person, in all processes. Tokens that it holds are not revoked at the provider.
   *
   * @example
   * ```ts
   * const auth = oidc({ ...options, sharedStore })
   * for (const { id } of await auth.sessions.list('alice')) await auth.sessions.end('alice', id)
   * ```
   *
   * @param subject - `sub` of the person
   * @param id - `id` of a session in the person's list
   * @returns whether the person had this session; `false` for that of anybody else
   * @throws {SessionError} `session_store_unavailable`: the session may go on
   * @throws like `list()`
   */
  end(subject: string, id: string, options?: PersonOptions): Promise<boolean>
}

/** The sessions of all people who sign in at one `oidc()`. */
export function createPersonSessions(context: OidcContext): PersonSessions {
  const find = async (call: string, subject: unknown, options: PersonOptions): Promise<Found> => {
    const list = requireSessionList(context.application, call)
    if (typeof subject !== 'string' || subject === '') {
      throw invalid(
        `${call} takes the "sub" of a person (given: ${subject === '' ? 'an empty text' : kindOf(subject)})`,
      )
    }
    const { configuration, sessionProvider } = await findRelyingParty(context, call, options)
    const issuer = issuerFor(configuration, call, options)
    const isOfTenant = isIssuerTemplate(configuration.issuer)
    return { list, person: { subject, issuer, provider: sessionProvider?.key, isOfTenant }, configuration }
  }
  return {
    async list(subject, options = {}) {
      const { list, person } = await find('sessions.list()', subject, options)
      return (await list.sessionsOf(person)).map(listedSession)
    },
    async end(subject, id, options = {}) {
      const call = 'sessions.end()'
      const { list, person, configuration } = await find(call, subject, options)
      return endListed(list, call, id, { person, of: configuration })
    },
  }
}

interface Found {
  readonly list: SessionList
  readonly person: Person
  readonly configuration: OidcConfiguration
}

async function findRelyingParty(
  { relyingParties }: OidcContext,
  call: string,
  { provider: name, req }: PersonOptions,
): Promise<WebRelyingParty> {
  if (name === undefined && relyingParties.only !== undefined) return relyingParties.only
  if (!relyingParties.areNamed)
    throw invalid(`${call}: oidc() has one provider, which has no name: leave out { provider }`)
  const known = relyingParties.listed.map((each) => each.name).join(', ')
  const which = known === '' ? '' : `, which is one of ${known}`
  if (name === undefined) throw invalid(`${call} needs { provider }, since oidc() has several${which}`)
  if (relyingParties.mayLose && req === undefined) throw invalid(`${call} needs { req }, for the function "providers"`)
  const found = await relyingParties.find(name, req)
  if (found === undefined)
    throw invalid(`${call}: no provider of oidc({ providers }) has the name ${quoted(name)}${which}`)
  return found
}

function issuerFor(configuration: OidcConfiguration, call: string, { issuer: given }: PersonOptions): string {
  const { issuer: configured } = configuration
  const issuer = configuredIssuer(given ?? configured, configuration)
  if (!isIssuerTemplate(configured)) {
    if (issuer === configured) return issuer
    throw invalid(`${call}: { issuer } must be that of oidc(), which is ${quoted(configured)}, or be left out`)
  }
  if (tenantIn(issuer, configured) !== undefined) return issuer
  throw invalid(
    `${call} needs { issuer } of the person's tenant, as in req.auth.issuer: oidc() has ${quoted(configured)}`,
  )
}
