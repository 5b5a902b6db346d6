import { examine } from '../../../lib/cli/doctor/examine.js'
import type { Finding, Report } from '../../../lib/cli/doctor/finding.js'
import { readSurroundings } from '../../../lib/options/surroundings.js'

/** Random, as a secret has to be. */
export const secret = 'pQv7mZ0xJ2wLr8TdK5uYc3HnB6gEaS9fVoX1iMqWzRtUkNjD'

/** What the doctor finds in options of `oidc()` and `bearer()`. */
export function diagnose(
  options: { readonly oidc?: unknown; readonly bearer?: unknown; readonly redis?: unknown },
  { env = {}, isMeasured = false }: { readonly env?: Record<string, string>; readonly isMeasured?: boolean } = {},
): Promise<Report> {
  const input = { ...options, findings: [] }
  return examine(input, { surroundings: readSurroundings(env), isMeasured })
}

/** All findings, whatever they are about. */
export function findingsOf({ sections }: Report): readonly Finding[] {
  return sections.flatMap(({ findings }) => findings)
}

/** What is wrong or deserves a look, as `check: message`. */
export function complaintsOf(report: Report): readonly string[] {
  const complaints = findingsOf(report).filter(({ status }) => status === 'fail' || status === 'warn')
  return complaints.map(({ check, message }) => `${check}: ${message}`)
}
