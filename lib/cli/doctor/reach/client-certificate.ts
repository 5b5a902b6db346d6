import { isOidcError } from '../../../base/error-cause.js'
import { dateFlaw, lastDay } from '../../../provider/tls/validity.js'
import { fail, type Finding, ok } from '../finding.js'
import type { Server } from '../server.js'

const check = 'client-certificate'

/** Looks at the certificate that connections present, if there is one. */
export async function checkClientCertificate({ settings }: Server): Promise<readonly Finding[]> {
  try {
    const tls = await settings.tls?.current()
    if (tls === undefined) return []
    const flaw = dateFlaw(tls, settings.runtime.now())
    if (flaw === undefined) return [ok(check, `the certificate in "tls" is valid until ${lastDay(tls)}`)]
    return [fail(check, `the certificate in "tls" ${flaw}`, 'give the certificate that replaces it, with its key')]
  } catch (error) {
    if (!isOidcError(error)) throw error
    return [fail(check, error.message, 'have the function in "tls" return { cert, key } that fit together')]
  }
}
