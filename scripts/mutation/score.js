/** The least percentage of changes that tests must notice, for the folders on which the promises of SECURITY.md rest. */
export const thresholds = { seal: 85, session: 85, http: 85, policy: 85, 'resource-server': 85 }

/** How many changes of a report (mutation-testing-report-schema) tests noticed. Changes that do not compile count for nothing. */
export function scoreOf({ files }) {
  const statuses = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status))
  const count = (...names) => statuses.filter((status) => names.includes(status)).length
  const noticed = count('Killed', 'Timeout')
  const all = noticed + count('Survived', 'NoCoverage')
  return { noticed, all }
}

/** One line for each folder, and whether one is below its threshold. */
export function judge(scores) {
  const judged = scores.map(({ folder, noticed, all }) => {
    const percent = all === 0 ? 100 : (100 * noticed) / all
    const least = thresholds[folder]
    const isBelow = least !== undefined && percent < least
    const limit = least === undefined ? 'no threshold' : `at least ${least} %`
    return {
      isBelow,
      line: `${folder.padEnd(16)} ${percent.toFixed(1).padStart(5)} %  ${noticed} of ${all}  (${limit})${isBelow ? '  BELOW' : ''}`,
    }
  })
  return { lines: judged.map(({ line }) => line), isBelow: judged.some((each) => each.isBelow) }
}
