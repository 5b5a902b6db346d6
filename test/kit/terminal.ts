import type { Terminal } from '../../lib/cli/terminal.js'

/** A terminal that keeps what a command writes to it. */
export interface RecordingTerminal extends Terminal {
  readonly printed: string[]
  readonly failed: string[]
  /** What the process would end with; `undefined` if the command says nothing about it. */
  status: number | undefined
}

/** Makes one that nobody reads along. */
export function recordingTerminal(isInteractive = false): RecordingTerminal {
  const terminal: RecordingTerminal = {
    isInteractive,
    printed: [],
    failed: [],
    status: undefined,
    print: (text) => void terminal.printed.push(text),
    fail: (text, status) => {
      terminal.failed.push(text)
      terminal.status = status
    },
    end: (status) => (terminal.status = status),
  }
  return terminal
}
