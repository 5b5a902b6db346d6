// oidc-provider ships no types; these are the parts that the example uses.
// The paths are its modules rather than its index: the index prints a notice on Node 20, which works nevertheless.
declare module 'oidc-provider/lib/provider.js' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface InteractionDetails {
    uid: string
    prompt: { name: string; reasons: string[] }
    session?: { accountId: string }
    params: Record<string, string | undefined>
  }

  export interface Client {
    clientId: string
    redirectUris?: string[]
    grantTypeAllowed(type: string): boolean
  }

  export interface AccessToken {
    resourceServer: object
    scope: string
    readonly expiration: number
    save(): Promise<string>
  }

  /** The context of one request (Koa's, with `oidc` on it). */
  export interface ProviderContext {
    status: number
    type: string
    body: unknown
    set(name: string, value: string): void
    oidc: {
      provider: Provider
      client: Client
      session: { accountId?: string; grantIdFor(clientId: string): string | undefined }
      account?: { accountId: string }
      params: Record<string, string | undefined>
      acr: string | undefined
      requestParamOIDCScopes: Set<string>
      resourceServers: Record<string, { scopes: Set<string> }>
    }
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly issuer: string
    callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<InteractionDetails>
    interactionFinished(req: IncomingMessage, res: ServerResponse, result: Record<string, unknown>): Promise<void>
    on(event: string, listener: (...args: unknown[]) => void): this
    registerGrantType(
      name: string,
      handler: (ctx: ProviderContext) => Promise<void>,
      parameters: string[],
      repeatable: string,
    ): void
    readonly AccessToken: {
      new (init: { accountId: string; grantId: string; client: Client; gty: string }): AccessToken
    }
    readonly ResourceServer: { new (identifier: string, data: object): object }
    readonly Session: {
      find(id: string): Promise<
        | {
            accountId?: string
            authorizations?: Record<string, { sid: string; grantId?: string }>
            destroy(): Promise<void>
          }
        | undefined
      >
    }
    readonly RefreshToken: { revokeByGrantId(grantId: string): Promise<void> }
    readonly Client: {
      find(id: string): Promise<
        | {
            backchannelLogoutUri?: string
            /** Rejects unless the application answers 200 or 204. */
            backchannelLogout(accountId: string | undefined, sid: string): Promise<void>
          }
        | undefined
      >
    }
    readonly Grant: {
      new (init: { accountId: string | undefined; clientId: string }): Grant
      find(id: string): Promise<Grant | undefined>
    }
  }
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export interface Adapter {
    upsert(id: string, payload: Record<string, unknown>, expiresIn: number): Promise<void>
    destroy(id: string): Promise<void>
  }

  export function createMemoryAdapter(clockTolerance?: number): (model: string) => Adapter
}

declare module 'oidc-provider/lib/helpers/interaction_policy/index.js' {
  import type { ProviderContext } from 'oidc-provider/lib/provider.js'

  export class Check {
    static readonly REQUEST_PROMPT: boolean
    static readonly NO_NEED_TO_PROMPT: boolean
    constructor(reason: string, description: string, check: (ctx: ProviderContext) => boolean)
  }

  export function base(): { get(name: string): { checks: { add(check: Check): void } } }
}

declare module 'oidc-provider/lib/helpers/errors.js' {
  export class InvalidRequest extends Error {}
  export class InvalidGrant extends Error {}
  export class InvalidTarget extends Error {}
}
