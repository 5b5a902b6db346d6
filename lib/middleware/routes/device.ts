import { audit } from '../../base/audit/audit.js'
import { failedAt } from '../../base/diagnostics.js'
import { isOidcError } from '../../base/error-cause.js'
import type { OidcError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import type { ApplicationWith } from '../../relying-party/relying-party.js'
import { publicPath } from '../../relying-party/base-url.js'
import { baseUrlOf } from '../../relying-party/base-urls.js'
import { refreshDevice, registerDevice } from '../../relying-party/device-bound/device-routes.js'
import type { Devices } from '../../relying-party/device-bound/devices.js'
import { errorLinks } from '../guard/session-authentication.js'
import type { GuardCall } from '../guard/authentication.js'
import { continueAfter, fail } from '../http/error-response.js'
import { respondOrFail } from '../http/respond.js'
import type { OidcContext } from '../session/request-context.js'

/** Handles a request of a browser that registers or proves the key of its device, if it is one. No session is read. */
export function answerDevice(
  { application }: Pick<OidcContext, 'application'>,
  devices: Devices,
  httpRequest: HttpRequest,
  call: GuardCall,
): boolean {
  const base = baseUrlOf(application.baseUrls, httpRequest)
  const path = publicPath(base, httpRequest.path)
  const { deviceRegistration, deviceRefresh } = base.paths
  if (path !== deviceRegistration && path !== deviceRefresh) return false
  const handle = path === deviceRefresh ? refreshDevice : registerDevice
  const answered: Promise<Respond> = handle({ devices, httpRequest, base })
  continueAfter(
    answered,
    call,
    (outcome) => respondOrFail(call, outcome),
    (error) => {
      if (isOidcError(error)) reportRefused(application, error)
      fail(error, application.configuration, { ...call, ...errorLinks(base), isPage: false })
    },
  )
  return true
}

function reportRefused({ configuration }: ApplicationWith<'configuration'>, error: OidcError): void {
  failedAt('session', configuration, error)
  // Outages are nobody's fault.
  if (error.status < 500) audit(() => ({ name: 'device_refused', of: configuration, reason: error.code }))
}
