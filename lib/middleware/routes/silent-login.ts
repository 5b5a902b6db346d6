import { ProviderError } from '../../errors.js'
import { startLogin } from '../../relying-party/login/login.js'
import { isSilentFailure, isSilentLoginDue } from '../../relying-party/login/silent-login.js'
import { baseUrlOf } from '../../relying-party/base-urls.js'
import { continueAfter, fail } from '../http/error-response.js'
import type { GuardCall } from '../guard/authentication.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'
import { respondOrFail } from '../http/respond.js'
import { errorLinks } from '../guard/session-authentication.js'

/**
 * Sends a browser that is new to this site to the provider, which may know the person. All others go to the next middleware.
 * There is one attempt per hour, and none while the provider is unavailable.
 */
export function trySilentLogin(
  { relyingParties, silentLogins }: OidcContext,
  request: RequestContext,
  call: GuardCall,
): void {
  const { only: rp } = relyingParties
  if (rp?.configuration.silentLogin !== true) {
    call.next()
    return
  }
  const { configuration, baseUrls } = rp
  const { httpRequest, session } = request
  const isWanted = session.current() === undefined && session.failure === undefined && isSilentLoginDue(httpRequest)
  if (!isWanted || request.cookies().quiet.value !== undefined) {
    call.next()
    return
  }
  const options = { prompt: 'none', returnTo: httpRequest.target } as const
  const started = silentLogins.run(async () => startLogin(rp, httpRequest, await request.transactions(), options))
  continueAfter(
    started,
    call,
    (outcome) => {
      request.cookies().quiet.write('1')
      respondOrFail(call, outcome)
    },
    (error) => {
      // It would fail again: the next page loads make no attempt.
      if (!(error instanceof ProviderError) && isSilentFailure(error)) request.cookies().quiet.write('1')
      if (isSilentFailure(error)) call.next()
      else fail(error, configuration, { ...call, ...errorLinks(baseUrlOf(baseUrls, httpRequest), httpRequest.target) })
    },
  )
}
