import { audit } from '../../base/audit/audit.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import { methodNotAllowed, privateHeaders, privateJson } from '../../http/problem.js'
import {
  proofInvalid,
  readDeviceProof,
  registeredKey,
  structuredText,
  verifyDeviceProof,
} from '../../session/device-bound/device-proof.js'
import type { DeviceSession } from '../../session/device-bound/device-tickets.js'
import type { BaseUrl } from '../base-url.js'
import type { Devices } from './devices.js'

/** A request to one of the two routes. */
interface DeviceCall {
  readonly devices: Devices
  readonly httpRequest: HttpRequest
  readonly base: BaseUrl
}

/**
 * Registers the key of a device for the session of a login: once, and no later than a minute after it. No session is read, since
 * browsers send no `Lax` cookie here after a page of another site, such as the provider's, has led to the callback.
 *
 * @throws {SessionError} `device_proof_invalid`, `session_store_unavailable`
 */
export async function registerDevice(call: DeviceCall): Promise<Respond> {
  const { devices, httpRequest, base } = call
  requirePost(httpRequest)
  const proof = readDeviceProof(httpRequest.header('secure-session-response'), base.origin)
  const session = devices.tickets.openOffer(proof.jti)
  if (session === undefined) throw proofInvalid('its challenge does not belong to a login of the last minute')
  const key = registeredKey(proof)
  if (await devices.hasEnded(session)) throw proofInvalid('the session has ended')
  if (!(await devices.register(session))) throw proofInvalid('a key was registered for this login before')
  // If the store was slow, the session may have been taken for one without a key meanwhile. The registration stays: from now on a
  // copy of the cookies must not count without a key.
  if (devices.tickets.openOffer(proof.jti) === undefined) throw proofInvalid('it took longer than a minute')
  const { subject, id: sessionId } = session.names
  audit(() => ({ name: 'device_bound', of: devices.configuration, subject, sessionId }))
  return instructions(call, session, devices.tickets.bind(session, key.jwk), key.thumbprint)
}

/**
 * Gives the browser the next cookie of a bound session, if it proves the key. No session is read: the identifier of the binding,
 * which only the browser and this application know, holds all that is needed.
 *
 * @throws {SessionError} `device_proof_invalid`, `session_store_unavailable`
 */
export async function refreshDevice(call: DeviceCall): Promise<Respond> {
  const { devices, httpRequest, base } = call
  requirePost(httpRequest)
  const identifier = structuredText(httpRequest.header('sec-secure-session-id'))
  const session = identifier === undefined ? undefined : devices.tickets.openBinding(identifier)
  if (identifier === undefined || session === undefined)
    throw proofInvalid('the header Sec-Secure-Session-Id names no session')
  const { device } = session
  if (session.isOver || (await devices.hasEnded(session))) return endedResponse(call, identifier, device)
  const header = httpRequest.header('secure-session-response')
  if (header === undefined) return challenge(devices, identifier, device)
  const proof = readDeviceProof(header, base.origin)
  const key = verifyDeviceProof(proof, session.jwk)
  const answered = devices.tickets.openChallenge(proof.jti, device)
  // Two tabs may have asked at once, or the network was slow: the holder of the key gets another challenge.
  if (answered === undefined || !(await devices.useChallenge(answered))) return challenge(devices, identifier, device)
  return instructions(call, session, identifier, key.thumbprint)
}

function requirePost({ method }: HttpRequest): void {
  if (method !== 'POST') throw methodNotAllowed('this route', ['POST'])
}

// Not cross-origin: the time that the response takes would reveal to another site whether somebody is signed in (section 4).
const sameOriginOnly = { 'Cross-Origin-Resource-Policy': 'same-origin' }

function challenge(devices: Devices, identifier: string, device: string): Respond {
  const value = `"${devices.tickets.challenge(device)}";id="${identifier}"`
  const headers = { ...privateHeaders, ...sameOriginOnly, 'Secure-Session-Challenge': value }
  return { kind: 'respond', status: 403, headers, body: '' }
}

function endedResponse({ devices, base }: DeviceCall, identifier: string, device: string): Respond {
  return json({ session_identifier: identifier, continue: false }, devices.cookiesOf(base).remove(device))
}

/** The session instructions (section 8.6), with the next cookie. */
function instructions(
  { devices, base }: DeviceCall,
  { device }: DeviceSession,
  identifier: string,
  thumbprint: string,
): Respond {
  const cookies = devices.cookiesOf(base)
  const document = {
    session_identifier: identifier,
    refresh_url: base.paths.deviceRefresh,
    scope: { origin: base.origin, include_site: false, scope_specification: scopeOf(base) },
    credentials: [{ type: 'cookie', name: cookies.nameOf(device), attributes: cookies.attributes }],
    // Links of other sites lead here too. Requests that their pages make do not: such a cookie is at least SameSite=Lax.
    allowed_refresh_initiators: ['*'],
  }
  return json(document, cookies.write(device, thumbprint))
}

// The first rule that fits decides in the draft, and the last one in Chromium: this list is the same from both ends.
function scopeOf({ prefix }: BaseUrl): readonly object[] {
  if (prefix === '') return []
  const own = { type: 'include', domain: '*', path: prefix }
  return [own, { type: 'exclude', domain: '*', path: '/' }, own]
}

function json(document: object, cookie: string): Respond {
  return privateJson(200, document, { ...sameOriginOnly, 'Set-Cookie': cookie })
}
