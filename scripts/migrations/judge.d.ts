export interface Declared {
  readonly step: string
  readonly before: string
  readonly after: string
  readonly why: string
}
export interface Result {
  readonly step: string
  readonly before: string
  readonly after: string
}
export function declaredIn(guide: string): readonly Declared[]
export function judge(
  results: readonly Result[],
  declared: readonly Declared[],
): { readonly lines: readonly string[]; readonly isRight: boolean }
