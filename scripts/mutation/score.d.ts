interface Score {
  readonly noticed: number
  readonly all: number
}
export const thresholds: Readonly<Record<string, number>>
export function scoreOf(report: {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>
}): Score
export function judge(scores: readonly (Score & { readonly folder: string })[]): {
  readonly lines: readonly string[]
  readonly isBelow: boolean
}
