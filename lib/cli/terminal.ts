/** Where a command writes to. */
export interface Terminal {
  print(text: string): void
  /** Prints why a command cannot run; the process ends with status 1. */
  fail(text: string): void
}
