import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

/** Storage of one provider's own: nothing is shared between two providers of one process, and nothing warns. */
export function memoryAdapter(): AdapterFactory {
  const entries = new Map<string, Entry>()
  return (model) => new MemoryAdapter(model, entries)
}

class MemoryAdapter implements Adapter {
  readonly #model: string
  readonly #entries: Map<string, Entry>

  constructor(model: string, entries: Map<string, Entry>) {
    this.#model = model
    this.#entries = entries
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const expiresAt = Number.isFinite(expiresIn) ? Date.now() + expiresIn * 1000 : Infinity
    this.#entries.set(this.#key(id), { payload: { ...payload }, expiresAt })
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = this.#entries.get(this.#key(id))
    return entry !== undefined && entry.expiresAt > Date.now() ? { ...entry.payload } : undefined
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#findBy((payload) => payload.uid === uid)
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#findBy((payload) => payload.userCode === userCode)
  }

  async consume(id: string): Promise<void> {
    const entry = this.#entries.get(this.#key(id))
    if (entry !== undefined) entry.payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(this.#key(id))
  }

  /** A grant takes everything with it that was issued under it, whatever its model. */
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(key)
  }

  #key(id: string): string {
    return `${this.#model}:${id}`
  }

  #findBy(matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, { payload }] of this.#entries) {
      if (key.startsWith(`${this.#model}:`) && matches(payload)) return { ...payload }
    }
    return undefined
  }
}
