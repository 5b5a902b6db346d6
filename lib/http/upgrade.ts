import type { HttpRequest } from './request.js'

/** Whether a request switches to another protocol. HTTP/2 and HTTP/3 open WebSockets by CONNECT (RFC 8441). */
export function isUpgrade(httpRequest: HttpRequest): boolean {
  return httpRequest.header('upgrade') !== undefined || httpRequest.method === 'CONNECT'
}

/** Whether a page of another origin opens a WebSocket: browsers let every site do that, with cookies (CWE-1385). */
export function isForeignSocket(httpRequest: HttpRequest, isOwnOrigin: (origin: string) => boolean): boolean {
  const isSocket = httpRequest.method === 'CONNECT' || /\bwebsocket\b/i.test(httpRequest.header('upgrade') ?? '')
  return isSocket && !isOwnOrigin(httpRequest.header('origin') ?? '')
}
