import { isIP } from 'node:net'

/**
 * Whether a SIEM takes a text for an IP address. Behind "trust proxy", the browser may have written the text itself, and some
 * proxies add a port to it: a record with such a value in a field for addresses would be refused as a whole.
 */
export function isAddress(ip: string): boolean {
  return isIP(ip) !== 0 && !ip.includes('%')
}
