/** What the environment says about the process, in addition to the options. */
export interface Surroundings {
  /** `NODE_ENV`. */
  readonly nodeEnv: string | undefined
  /** Whether `NODE_TLS_REJECT_UNAUTHORIZED` switches the verification of certificates off. */
  readonly trustsAnyCertificate: boolean
  /** `NODE_EXTRA_CA_CERTS`: the path of a file. */
  readonly extraCertificates: string | undefined
  /** The name of a variable that names a proxy for requests, if one is set. */
  readonly proxyVariable: string | undefined
  /** Whether `NO_COLOR` leaves colours on. */
  readonly allowsColours: boolean
}

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']

/**
 * Reads them.
 *
 * See https://no-color.org.
 */
export function readSurroundings(env: Readonly<Record<string, string | undefined>> = process.env): Surroundings {
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  return {
    nodeEnv: set('NODE_ENV'),
    trustsAnyCertificate: env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
    extraCertificates: set('NODE_EXTRA_CA_CERTS'),
    proxyVariable: proxyVariables.find((name) => set(name) !== undefined),
    allowsColours: set('NO_COLOR') === undefined,
  }
}
