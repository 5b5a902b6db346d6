import * as v from 'valibot'
import {
  type GivenCredentials,
  type MethodUser,
  methodChoice,
  missingCredential,
  missingCredentialMessage,
} from './client-authentication.js'
import { text } from './fields.js'
import { jwk } from './private-key.js'

const assertionKey = v.union([text('a key'), jwk], 'must be a PKCS#8 PEM or a private JWK')

/**
 * The options with which a client proves who it is.
 *
 * @param whose - says whose client ID it is, such as "this application's client ID"
 */
export function credentialEntries<User extends MethodUser>(user: User, whose: string) {
  return {
    clientId: text(whose),
    clientSecret: v.optional(text('the client secret')),
    clientAuthentication: v.optional(v.picklist(...methodChoice(user))),
    clientAssertionKey: v.optional(assertionKey),
    clientAssertionAlg: v.optional(text('a JWS algorithm')),
  }
}

/** The rule that the credential for the chosen method is given. */
export function needsCredential<Options extends GivenCredentials>() {
  return v.check<Options, (issue: v.CheckIssue<Options>) => string>(
    (options) => missingCredential(options) === undefined,
    ({ input }) => missingCredentialMessage(input),
  )
}
