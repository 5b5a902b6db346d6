import type { RedisPlace } from './storage-kinds.js'

/** One command, as it was handed to the client. */
export interface SentCommand {
  readonly name: string
  /** Commands of one turn of the event loop travel together. */
  readonly turn: number
}

/** A client that writes down what it is told. */
export interface WatchedClient {
  readonly client: RedisPlace['client']
  /** What was sent since the last time. */
  take(): readonly SentCommand[]
  /** How many commands have no answer yet. */
  pending(): number
}

const commandNames = ['get', 'set', 'del', 'eval']

/** Watches the commands that sessions use, of the client and of what `withCommandOptions()` returns. */
export function watchCommands(client: RedisPlace['client']): WatchedClient {
  let sent: SentCommand[] = []
  let turn = 0
  let pending = 0
  let isCounted = false
  const write = (name: string): void => {
    if (!isCounted) setImmediate(() => ((turn += 1), (isCounted = false)))
    isCounted = true
    sent.push({ name, turn })
  }
  const watched = <Client extends object>(target: Client): Client =>
    new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name === 'withCommandOptions') return (...args: unknown[]) => watched(Reflect.apply(value, target, args))
        if (commandNames.includes(String(name))) {
          return (...args: unknown[]): unknown => {
            write(String(name))
            const answer: unknown = Reflect.apply(value, target, args)
            pending += 1
            const answered = (): void => void (pending -= 1)
            Promise.resolve(answer).then(answered, answered)
            return answer
          }
        }
        return value.bind(target) as unknown
      },
    })
  return {
    client: watched(client),
    take() {
      const taken = sent
      sent = []
      return taken
    },
    pending: () => pending,
  }
}

/** How many commands, and in how many round trips. */
export function countOf(sent: readonly SentCommand[]): { readonly commands: number; readonly roundTrips: number } {
  return { commands: sent.length, roundTrips: new Set(sent.map(({ turn }) => turn)).size }
}
