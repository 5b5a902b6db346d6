import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/**
 * A request as the adapters of serverless platforms make it of an event, such as serverless-http and
 * @vendia/serverless-express: `rawHeaders` is empty. It comes from 192.0.2.1.
 */
export function adaptedRequest(members: {
  readonly url: string
  readonly method?: string
  readonly headers: Readonly<Record<string, string | string[]>>
}): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '192.0.2.1' })
  return Object.assign(new IncomingMessage(socket), { method: 'GET', httpVersion: '1.1', complete: true }, members)
}
