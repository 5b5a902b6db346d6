import type { Runtime } from '../../../base/runtime.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'
import type { Reply } from './requests.js'

const check = 'clock'
// A header has whole seconds, and takes its time.
const precisionSeconds = 2

/** Compares the clock of this machine with the provider's, as its response shows it (RFC 9110 section 6.6.1). */
export function checkClock(
  reply: Reply,
  { runtime, clockToleranceSeconds }: { readonly runtime: Runtime; readonly clockToleranceSeconds: number },
): Finding {
  const date = Date.parse(reply.header('date') ?? '')
  if (Number.isNaN(date)) {
    const fix = 'compare the clocks yourself: date -u on both'
    return unknown(check, 'the provider sends no Date header', fix)
  }
  // A cache keeps the date of the response that it has kept.
  const age = Number(reply.header('age') ?? '0')
  const seconds = Math.round((runtime.now() - date) / 1000 - (Number.isFinite(age) ? age : 0))
  const off = Math.abs(seconds)
  const what = `the clock of this machine is ${off} seconds ${seconds > 0 ? 'ahead of' : 'behind'} the provider's`
  const fix = 'synchronize both with NTP (timedatectl set-ntp true)'
  if (off > clockToleranceSeconds + precisionSeconds) {
    return fail(
      check,
      `${what}, over clockToleranceSeconds ${clockToleranceSeconds}: tokens seem expired, or from the future`,
      fix,
    )
  }
  if (off > Math.max(precisionSeconds, clockToleranceSeconds / 2)) {
    return warn(check, `${what}, within clockToleranceSeconds ${clockToleranceSeconds}`, fix)
  }
  return ok(check, off <= precisionSeconds ? 'this machine and the provider have the same time' : what)
}
