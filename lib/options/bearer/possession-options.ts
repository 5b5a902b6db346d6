import type { AsymmetricAlgorithm } from './issuer-options.js'

/**
 * Remembers the `jti` of DPoP proofs: each proof counts once. Processes that serve one API must share it, such as
 * `redisReplayCache(client)` of express-oidc/redis.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 */
export interface ReplayCache {
  /**
   * Adds a key if it does not exist, atomically (`SET key 1 NX EX ttlSeconds`).
   *
   * @returns whether it was added: `true` or `false`, and nothing else. After a rejection, or without an
   *   answer within `httpTimeoutSeconds`, the request gets 503.
   */
  add(key: string, ttlSeconds: number): Promise<boolean> | boolean
}

/** Whether tokens may, or must, be bound to a key of the client. */
export type DpopMode = 'off' | 'allowed' | 'required'

/**
 * How DPoP-bound tokens and their proofs are checked.
 *
 * @example
 * ```ts
 * bearer({ issuer, audience: null, baseUrl: 'https://api.example.com', dpop: { mode: 'required', nonce: true } })
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.3
 */
export interface DpopOptions {
  /** Whether tokens may, or must, be bound. */
  mode: DpopMode
  /** Greatest age of a proof in seconds, 5 to 600. @default 60 */
  proofMaxAgeSeconds?: number | undefined
  /** How far ahead a client's clock may be in seconds, 0 to 60. @default 5 */
  proofClockToleranceSeconds?: number | undefined
  /** Allowed signature algorithms of proofs. @default all asymmetric ones */
  algorithms?: readonly AsymmetricAlgorithm[] | undefined
  /**
   * Requires nonces of this server in proofs (RFC 9449 section 9). `true` takes a random secret, one for all `bearer()` of this
   * process. Give several processes one secret. @default false
   */
  nonce?:
    | boolean
    | {
        /** Secret of at least 32 random characters, or a list of them: the first makes nonces, and any can verify them. */
        readonly secret: string | readonly string[]
        /** Seconds until a new nonce is made, 10 to 3600. The one before is still accepted for as long. @default 300 */
        readonly lifetimeSeconds?: number
      }
    | undefined
  /**
   * Where used proofs are remembered. The memory of this process holds 100,000 proofs within `proofMaxAgeSeconds` and
   * `proofClockToleranceSeconds` together: 1,500 a second by default. Requests with more get 503. Where a request passes several
   * `bearer()`, give them the same object: its proof then counts once. @default the memory of this process
   */
  replayCache?: ReplayCache | undefined
}

/**
 * Whether tokens may be bound to a client certificate, and where the certificate is found.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-3
 */
export type MtlsOptions =
  | 'off'
  | {
      /** Where the certificate is found: `socket` where this server ends TLS itself, `header` where a proxy does. */
      source: 'socket'
      /** Whether tokens must be bound. @default false */
      required?: boolean | undefined
    }
  | {
      /** Where the certificate is found: in a header that a proxy sets. */
      source: 'header'
      /** Name of the header, such as `x-ssl-client-cert`, `client-cert` or `x-forwarded-client-cert`. */
      header: string
      /** Format of the header: nginx's `$ssl_client_escaped_cert`, RFC 9440, or Envoy's. */
      format: 'pem-urlencoded' | 'rfc9440' | 'xfcc'
      /** Addresses or CIDR blocks of proxies. From any other address the header is ignored. */
      trustedProxies: readonly string[]
      /** Whether tokens must be bound. @default false */
      required?: boolean | undefined
    }
