import type { RichAuthorizationRequestsActiveConfiguration } from 'oidc-provider'

type Detail = Record<string, unknown> & { type: string }

/**
 * Rich Authorization Requests (RFC 9396) at the real provider, for these types: everybody is granted what is asked for, and a token
 * request may ask for some of that.
 */
export function richAuthorization(...types: readonly string[]): RichAuthorizationRequestsActiveConfiguration {
  const asked = (params: Readonly<Record<string, unknown>> | undefined): Detail[] | undefined => {
    const { authorization_details: text } = params ?? {}
    return typeof text === 'string' ? (JSON.parse(text) as Detail[]) : undefined
  }
  return {
    enabled: true,
    types: Object.fromEntries(types.map((type) => [type, { validate: () => undefined }])),
    authorizationDetailsForGrantSource: ({ oidc }) => asked(oidc.params),
    authorizationDetailsForAccessToken: ({ oidc }, _token, source) => asked(oidc.params) ?? source?.rar,
    authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
  }
}
