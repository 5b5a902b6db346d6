export interface CompatRow {
  readonly name: string
  readonly title: string
  readonly recipe?: string
  readonly packages: Readonly<Record<string, string>>
  readonly runtime?: Readonly<Record<string, string>>
}

export const rows: readonly CompatRow[]
export function tableOf(rows: readonly CompatRow[]): string
