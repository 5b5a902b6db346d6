/** The outcome of a run in one line, `N passed, N failed[, N skipped]`. */
export function summaryLine(results: {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly numRuntimeErrorTestSuites: number
}): string
