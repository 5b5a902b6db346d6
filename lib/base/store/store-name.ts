import { hash } from 'node:crypto'

/**
 * The formats of what the shared store holds, and their versions. Processes of an older and a newer version of this
 * package share a store while an application is updated. So an entry may gain members that older readers ignore; any
 * other change of a format is a new version. Both versions are read until the old entries have expired.
 */
const versions = {
  /** When the sessions of a person, or one session, were ended. */
  end: 1,
  /** An access token that a session's cookie has no room for. */
  'left-out': 1,
  /** A session in the list of its person. */
  listed: 1,
  /** An ID that was used: of a token, or of a registration or challenge of a device. */
  logout: 1,
  /** That a session of another package was taken over. */
  migrated: 1,
  /** The lock of a refresh. */
  refresh: 1,
  /** What a refresh returned. */
  renewed: 1,
  /** A session. */
  session: 1,
  /** The session that one of another package was exchanged for. */
  'taken-over': 1,
  /** The return target of a login. */
  target: 1,
  /** A machine's access token. */
  token: 1,
} as const

type StoreKind = keyof typeof versions

/**
 * Names an entry of the shared store by its kind, the version of its format, and a hash of what it is about. The hash
 * reveals neither people nor sessions, and allows any character in what it is about.
 */
export function storeName(kind: StoreKind, about: readonly unknown[]): string {
  return nameByHash(kind, hashOf(about))
}

/** The same for what is known by its hash alone. */
export function nameByHash(kind: StoreKind, hashed: string): string {
  return `${kind}:${versions[kind]}:${hashed}`
}

/** The hash of what an entry is about. */
export function hashOf(about: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(about), 'base64url')
}
