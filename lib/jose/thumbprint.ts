import { hash } from 'node:crypto'

const requiredMembers: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
])

/** SHA-256 thumbprint of a public key: its required members, in lexicographic order, without white space (RFC 7638 section 3). */
export function jwkThumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const members = requiredMembers.get(jwk['kty']) ?? []
  const required = Object.fromEntries(members.map((name) => [name, jwk[name]]))
  return hash('sha256', JSON.stringify(required), 'base64url')
}
