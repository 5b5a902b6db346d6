/** @typedef {Omit<import('express-oidc').OidcOptions, 'onError'> & { baseUrl: string }} OneProvider */
/** @typedef {Omit<import('express-oidc').ProvidersOptions, 'onError'> & { baseUrl: string }} SeveralProviders */

/**
 * A provider as the pages name it.
 *
 * @typedef {object} Site
 * @property {string} issuer
 * @property {string} name Its name in the options; empty where there is one only.
 * @property {string} label
 */

/**
 * The providers of the application.
 *
 * @param {OneProvider | SeveralProviders} options
 * @returns {readonly Site[]}
 */
export function sitesOf(options) {
  if (options.issuer !== undefined) return [{ issuer: options.issuer, name: '', label: 'Provider' }]
  return Object.entries(options.providers).map(([name, { issuer, label = name }]) => ({ issuer, name, label }))
}

/**
 * For the template: where the person signed in, and where else they could.
 *
 * @param {readonly Site[]} sites
 * @param {string | undefined} provider
 */
export function switchOf(sites, provider) {
  const current = sites.find(({ name }) => name === provider)
  return current && { current, others: sites.filter((site) => site !== current) }
}
