import type { Seal } from '../../../seal/seal.js'
import type { Room } from '../../../session/storage/fitting.js'
import type { NodeRequest } from '../../types.js'

// Browsers ignore a cookie whose name and value take more (storage model of RFC 6265bis).
const maxBytes = 4096
const defaultName = 'session'

/** The room for a login in the application's session, if that session is one cookie: base64 of JSON, as cookie-session writes it. */
export function cookieRoom(seal: Seal, name: string, without: object): Room<string> {
  const others = jsonBytes(without)
  return {
    maxBytes,
    seal: (payload, attachment) => seal.seal(payload, attachment),
    // A sealed login has no character that JSON would escape.
    bytesOf: (sealed) => cookieBytes(name, others + sealed.length),
    refusal: (bytes, shares) =>
      `the session would take ${bytes} bytes of the cookie that req.session is kept in, and browsers keep ${maxBytes} (before sealing: ${shares}). ` +
      'Keep sessions on the server (a session middleware with a store, such as express-session, or session.store in place of session.use), ' +
      'ask the provider for fewer claims or scopes, or keep less in the session',
  }
}

/** The name of that cookie: cookie-session leaves its options in the request. */
export function cookieNameIn(req: NodeRequest): string {
  const options: unknown = Reflect.get(req, 'sessionOptions')
  const name: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'name') : undefined
  return typeof name === 'string' && name !== '' ? name : defaultName
}

/** Whether browsers keep a session as it is. */
export function isRoomFor(session: object, name: string): boolean {
  return cookieBytes(name, jsonBytes(session)) <= maxBytes
}

function jsonBytes(session: object): number {
  return Buffer.byteLength(JSON.stringify(session))
}

function cookieBytes(name: string, bytes: number): number {
  return name.length + '='.length + Math.ceil(bytes / 3) * 4
}
