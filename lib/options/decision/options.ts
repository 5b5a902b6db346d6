/**
 * Options of `policyDecisionPoint()`.
 *
 * @example
 * ```ts
 * import { type PolicyDecisionPointOptions, policyDecisionPoint } from 'express-oidc'
 *
 * const options: PolicyDecisionPointOptions = {
 *   url: 'https://pdp.example.com',
 *   authorization: () => `Bearer ${process.env['PDP_TOKEN']}`,
 * }
 * const pdp = policyDecisionPoint(options)
 * ```
 */
export interface PolicyDecisionPointOptions {
  /** The policy decision point's URL, such as `https://pdp.example.com`: `/access/v1/evaluation` is below it. */
  url: string
  /**
   * Whether to read where its endpoints are from `/.well-known/authzen-configuration`. @default false: `/access/v1/evaluation` and
   * `/access/v1/evaluations` below `url`
   *
   * @see https://openid.net/specs/authorization-api-1_0.html#name-obtaining-policy-decision-p
   */
  discovery?: boolean | undefined
  /** Value of the `Authorization` header, such as `Bearer …`, or a function that returns it for each request. @default none */
  authorization?: string | (() => string | Promise<string>) | undefined
  /** Deadline of each request, and of `authorization`, in seconds: 0.1 to 60. @default 2 */
  timeoutSeconds?: number | undefined
  /**
   * Seconds for which an answer is used again for the same question: 0 to 3600. A right that is withdrawn lasts that long. @default
   * 0: never
   */
  cacheSeconds?: number | undefined
  /** Greatest number of answers in that cache: 1 to 100000. @default 10000 */
  cacheMaxEntries?: number | undefined
  /** Makes the requests: for a client certificate, or a private certificate authority. @default `node:https` with keep-alive */
  fetch?: typeof fetch | undefined
  /** Allows plain http to hosts that are not loopback. Anyone on the network can then decide. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}
