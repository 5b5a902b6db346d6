import type { ApplicationConfiguration } from '../../options/oidc/schema.js'
import { atProvider, type BaseUrl, configuredUrls, createBaseUrl } from '../../relying-party/base-url.js'
import type { RegisteredUrls } from './finding.js'

/** The application's URLs at each of its base URLs, patterns included. */
export function baseUrlsOf(configuration: ApplicationConfiguration, provider: string | undefined): readonly BaseUrl[] {
  const all = configuredUrls(configuration).map((url, key) =>
    createBaseUrl(configuration, url, { key, cookieName: '' }),
  )
  return provider === undefined ? all : all.map((base) => atProvider(base, provider))
}

/** What is to be registered at a provider. */
export function urlsToRegister(
  configuration: ApplicationConfiguration,
  provider: string | undefined,
): readonly RegisteredUrls[] {
  return baseUrlsOf(configuration, provider).map((base) => {
    const { origin, paths, redirectUri, postLogoutRedirectUri } = base
    const optional = {
      ...(configuration.logout.atProvider ? { post_logout_redirect_uri: postLogoutRedirectUri } : {}),
      ...at('backchannel_logout_uri', origin, paths.backchannelLogout),
      ...at('frontchannel_logout_uri', origin, paths.frontchannelLogout),
      ...at('initiate_login_uri', origin, paths.login),
      ...at('jwks_uri', origin, paths.jwks),
    }
    return { ...(provider === undefined ? {} : { provider }), redirect_uri: redirectUri, ...optional }
  })
}

function at(name: string, origin: string, path: string | undefined): Readonly<Record<string, string>> {
  return path === undefined ? {} : { [name]: origin + path }
}
