import { omitUndefined } from '../../base/json.js'
import { countsOf, type Finding, type RegisteredUrls, type Report, type Section, type Status } from './finding.js'

const marks: Readonly<Record<Status, string>> = { ok: '✓', warn: '!', fail: '✗', unknown: '?' }
// SGR codes of ECMA-48: green, yellow, red, cyan.
const colours: Readonly<Record<Status, number>> = { ok: 32, warn: 33, fail: 31, unknown: 36 }

/** The report as JSON. Its shape only ever grows. */
export function jsonReport(report: Report): string {
  const counts = countsOf(report)
  const findings = report.sections.flatMap((section) =>
    section.findings.map(({ check, status, message, fix }) =>
      omitUndefined({ ...section.subject, check, status, message, fix }),
    ),
  )
  return JSON.stringify({ version: 1, ok: counts.fail === 0, counts, findings, urls: report.urls }, undefined, 2)
}

/** The report for people. */
export function textReport(report: Report, hasColours: boolean): string {
  const { ok, warn, fail, unknown } = countsOf(report)
  return [
    ...report.sections.map((section) => sectionText(section, hasColours)),
    ...report.urls.map(urlsText),
    `${ok} in order, ${fail} to correct, ${warn} to look at, ${unknown} that cannot be checked from here\n`,
  ].join('\n')
}

function sectionText({ subject, findings }: Section, hasColours: boolean): string {
  const lines = findings.flatMap((finding) => findingLines(finding, hasColours))
  return [titleOf(subject), ...lines, ''].join('\n')
}

function titleOf(subject: Section['subject']): string {
  if (subject.kind === 'application') return 'Application'
  if (subject.kind === 'api') return `Access tokens of ${subject.issuer}`
  return `Provider ${subject.name === undefined ? '' : `"${subject.name}" `}${subject.issuer}`
}

function findingLines({ check, status, message, fix }: Finding, hasColours: boolean): readonly string[] {
  const mark = hasColours ? `\u001b[${colours[status]}m${marks[status]}\u001b[0m` : marks[status]
  return [`  ${mark} ${check}: ${message}`, ...(fix === undefined ? [] : [`    → ${fix}`])]
}

function urlsText({ provider, ...urls }: RegisteredUrls): string {
  const lines = Object.entries(urls).map(([name, url]) => `  ${name.padEnd(24)} ${url}`)
  const where = provider === undefined ? 'the provider' : `the provider "${provider}"`
  return [`To register at ${where}`, ...lines, ''].join('\n')
}
