/** Where a command writes to. */
export interface Terminal {
  /** Whether people read along, and colours may be used. */
  readonly isInteractive: boolean
  print(text: string): void
  /** Prints why a command cannot run, and ends the process with this status. */
  fail(text: string, status: number): void
  /** Ends the process once everything is printed, whatever is still open. */
  end(status: number): void
}
