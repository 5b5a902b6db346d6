import type { ApplicationConfiguration } from '../../options/oidc/schema.js'
import { routeNames, traitsOf } from '../../options/oidc/routes/routes.js'
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
  return baseUrlsOf(configuration, provider).map((base) => ({
    ...(provider === undefined ? {} : { provider }),
    redirect_uri: base.redirectUri,
    ...(configuration.logout.atProvider ? { post_logout_redirect_uri: base.postLogoutRedirectUri } : {}),
    ...registeredRoutes(base),
  }))
}

function registeredRoutes({ origin, paths }: BaseUrl): Readonly<Record<string, string>> {
  const urls = routeNames.flatMap((route) => {
    const { registeredAs } = traitsOf(route)
    const path = paths[route]
    return registeredAs === undefined || path === undefined ? [] : [[registeredAs, origin + path] as const]
  })
  return Object.fromEntries(urls.sort(([a], [b]) => a.localeCompare(b)))
}
