import type { Exchange } from './request.js'

/** Whether a request opens a connection of another protocol; HTTP/2 and HTTP/3 open WebSockets by CONNECT (RFC 8441). */
export function isUpgrade(exchange: Exchange): boolean {
  return exchange.header('upgrade') !== undefined || exchange.method === 'CONNECT'
}

/** Whether a page opens a WebSocket that is none of these origins: browsers let every site do that, with cookies (CWE-1385). */
export function isForeignSocket(exchange: Exchange, origins: ReadonlySet<string>): boolean {
  const protocol = exchange.header('upgrade')
  return protocol !== undefined && /\bwebsocket\b/i.test(protocol) && !origins.has(exchange.header('origin') ?? '')
}
