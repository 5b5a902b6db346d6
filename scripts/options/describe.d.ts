export interface DescribedOption {
  readonly path: string
  readonly type: string
  readonly description: string
  readonly required: 'always' | 'sometimes' | 'never'
  readonly default?: string
  readonly checks?: { readonly default?: string | number | boolean }
}
export interface DescribedPart {
  readonly type: string
  readonly members: readonly DescribedOption[]
  /** Options that only the type has, or only the checks. */
  readonly differences: readonly string[]
}
export interface DescribedPage {
  readonly page: string
  readonly parts: readonly DescribedPart[]
}
export function describePages(): Promise<readonly DescribedPage[]>
