import { expect } from '@jest/globals'
import type { BearerError, OidcError } from '../../../lib/errors.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import type { Principal } from '../../../lib/policy/principal.js'
import {
  bearerValidator,
  type BearerValidator,
  type PresentedRequest,
} from '../../../lib/resource-server/bearer-validator.js'
import { type FakeProvider, apiProvider, audience } from '../provider/provider.js'

/** A validator in front of an issuer. */
export interface TestApi {
  readonly issuer: FakeProvider
  readonly validator: BearerValidator
  /** Presents a token as Bearer. */
  accept(token: string, request?: PresentedRequest): Promise<Principal>
  /** Presents a token that must be refused, and returns the refusal. */
  refuse(token: string, request?: PresentedRequest): Promise<BearerError>
}

/** Makes a validator; options are laid over `{ issuer, audience, fetch }`. */
export function testApi(options: Record<string, unknown> = {}, issuer = apiProvider()): TestApi {
  const given: Record<string, unknown> = { issuer: issuer.issuer, audience, fetch: issuer.fetch, ...options }
  const configuration = parseBearerOptions(Object.fromEntries(Object.entries(given).filter(([, v]) => v !== absent)))
  const validator = bearerValidator(configuration, issuer.clock)
  return {
    issuer,
    validator,
    accept: (token, request) => validator.validate(`Bearer ${token}`, request),
    refuse: (token, request) => refusalOf(validator.validate(`Bearer ${token}`, request)),
  }
}

/** Leaves a default of {@link testApi} out. */
export const absent = Symbol('absent')

/** The error that a promise rejects with. */
export async function refusalOf(promise: Promise<unknown>): Promise<BearerError> {
  const outcome: unknown = await promise.then(
    () => 'accepted',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(Error)
  return outcome as BearerError
}

/** The code of the check that failed, which only logs get to see. */
export function reasonOf(error: OidcError): unknown {
  return (error.cause as OidcError | undefined)?.code
}
