import { isOidcError, redactedCause } from '../../base/error-cause.js'

/** What a check saw: all well, something that deserves a look, something that is wrong, or nothing to judge by. */
export type Status = 'ok' | 'warn' | 'fail' | 'unknown'

/** What one check saw. */
export interface Finding {
  /** Which check, such as `redirect-uri`: the same name in every version. */
  readonly check: string
  readonly status: Status
  /** What it saw, as a sentence without a full stop. Never a secret, a token or a code. */
  readonly message: string
  /** What to do. Absent only if all is well. */
  readonly fix?: string
}

/** What findings are about. */
export type Subject =
  | { readonly kind: 'application' }
  /** A provider, with its name if there are several. */
  | { readonly kind: 'provider'; readonly name?: string; readonly issuer: string }
  /** An issuer whose access tokens an API accepts. */
  | { readonly kind: 'api'; readonly issuer: string }

/** The findings about one subject. */
export interface Section {
  readonly subject: Subject
  readonly findings: readonly Finding[]
}

/** The URLs of one base URL, by the names that they have in a client's registration. */
export type RegisteredUrls = Readonly<
  Record<string, string> & {
    /** The name of the provider, if there are several. */
    provider?: string
    redirect_uri: string
  }
>

/** Everything that the doctor has to say. */
export interface Report {
  readonly sections: readonly Section[]
  readonly urls: readonly RegisteredUrls[]
}

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message }
}

/** Something deserves a look: it may be wrong, or is not a good idea. */
export function warn(check: string, message: string, fix: string): Finding {
  return { check, status: 'warn', message, fix }
}

/** Something is wrong. */
export function fail(check: string, message: string, fix: string): Finding {
  return { check, status: 'fail', message, fix }
}

/** It cannot be checked from here; the fix says how it can. */
export function unknown(check: string, message: string, fix: string): Finding {
  return { check, status: 'unknown', message, fix }
}

/** How many findings there are of each status. */
export function countsOf({ sections }: Report): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 }
  for (const { findings } of sections) for (const { status } of findings) counts[status] += 1
  return counts
}

/** Runs a check. An error is a finding too, and the other checks go on. */
export async function attempt(
  check: string,
  work: () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return [await work()].flat()
  } catch (error) {
    if (isOidcError(error)) return [fail(check, error.message, 'correct the option that it is about, or look there')]
    // Messages of other errors may quote what is secret.
    const name = redactedCause(error)?.message ?? 'what it threw is not an error'
    return [
      unknown(check, `the check itself has failed: ${name}`, 'report it, with the versions of Node and express-oidc'),
    ]
  }
}
