import { oidc } from 'express-oidc'

const path = '/tour/providers'

/**
 * The login of the stop with two providers: an application of its own below its path, with a session of its own.
 *
 * @param {import('express-oidc').ProvidersOptions & { baseUrl: string }} options
 */
export function severalProviders({ baseUrl, ...options }) {
  return oidc({ ...options, baseUrl: `${baseUrl}${path}`, scope: 'openid profile email' })
}

/** @param {import('express').Request} req */
export function isOfSeveral(req) {
  return req.path === path || req.path.startsWith(`${path}/`)
}
