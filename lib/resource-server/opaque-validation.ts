import type { VerifiedToken } from './types.js'

/** Validates one opaque token by asking the authorization server, or by what it said a moment ago. */
export type OpaqueValidation = (token: string) => VerifiedToken | Promise<VerifiedToken>
