import { type KeyObject, sign } from 'node:crypto'
import type { RequestListener } from 'node:http'
import request, { type Response as Answer } from 'supertest'
import { keyPair } from '../key-pair.js'

/** What a browser is told when it registers a key. */
export interface Instructions {
  readonly session_identifier: string
  readonly refresh_url: string
  readonly scope: unknown
  readonly credentials: readonly { readonly type: string; readonly name: string; readonly attributes: string }[]
  readonly allowed_refresh_initiators: readonly string[]
  readonly continue?: boolean
}

/** A key of a device, in hardware that nobody copies. */
export interface DeviceKeyPair {
  readonly alg: 'ES256' | 'RS256'
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** How a proof departs from an honest one. */
export interface ProofChanges {
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
  readonly key?: DeviceKeyPair
  readonly signature?: string
}

const keyPairs: Readonly<Record<DeviceKeyPair['alg'], () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ES256: () => keyPair('ec', { namedCurve: 'P-256' }),
  RS256: () => keyPair('rsa', { modulusLength: 2048 }),
}

/** Makes a key. */
export function newDeviceKey(alg: DeviceKeyPair['alg'] = 'ES256'): DeviceKeyPair {
  return { alg, ...keyPairs[alg]() }
}

/** A proof as Chromium makes it: with the public key in its header at registration, and nothing but the challenge in its payload. */
export function deviceProof(
  challenge: string,
  key: DeviceKeyPair,
  isRegistration: boolean,
  changes: ProofChanges = {},
): string {
  const jwk = isRegistration ? { jwk: key.publicKey.export({ format: 'jwk' }) } : {}
  const header = { alg: key.alg, typ: 'dbsc+jwt', ...jwk, ...changes.header }
  const payload = { jti: challenge, ...changes.payload }
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const { privateKey } = changes.key ?? key
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${changes.signature ?? signature.toString('base64url')}`
}

/** Where a browser is, and what its clock says. */
interface DeviceBrowserOptions {
  readonly app: RequestListener
  /** In seconds since the epoch. */
  readonly now: () => number
  readonly alg?: DeviceKeyPair['alg']
  /** Whether it knows nothing of bound sessions. Default `false`. */
  readonly isOld?: boolean
}

/**
 * A browser that binds its sessions to a key, as Chromium does: it registers a key as soon as a response offers that, and before a
 * request for which the bound cookie is missing it proves the key again.
 */
export class DeviceBrowser {
  readonly #options: DeviceBrowserOptions
  readonly #cookies = new Map<string, { readonly value: string; readonly endsAt: number }>()
  /** The value of the last `Secure-Session-Registration`. */
  offer: string | undefined
  key: DeviceKeyPair
  bound: Instructions | undefined
  /** Answers of the two routes, in order. */
  readonly answers: Answer[] = []

  constructor(options: DeviceBrowserOptions) {
    this.#options = options
    this.key = newDeviceKey(options.alg)
  }

  /** The `Cookie` header. */
  get cookie(): string {
    const { now } = this.#options
    const alive = [...this.#cookies].filter(([, { endsAt }]) => endsAt > now())
    return alive.map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  /** Forgets a cookie, or all whose names have this in them. */
  forget(part: string): void {
    for (const name of this.#cookies.keys()) if (name.includes(part)) this.#cookies.delete(name)
  }

  /** Has a cookie of the past again. */
  restore(cookie: string): void {
    for (const pair of cookie.split('; ')) {
      const [name = '', ...value] = pair.split('=')
      this.#cookies.set(name, { value: value.join('='), endsAt: Infinity })
    }
  }

  /** A function like `fetch`, for `signIn()` of a test provider. */
  readonly fetch = async (url: string, init: { method: string; headers: Record<string, string>; body?: string }) => {
    const { pathname, search } = new URL(url)
    const { cookie: _, ...headers } = init.headers
    const answer = await this.#send(init.method, pathname + search, headers, init.body)
    const all = Object.entries(answer.headers as Record<string, unknown>)
    const given = all.flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, String(each)]))
    return new Response(answer.text, { status: answer.status, headers: given })
  }

  /** Loads something, after it has proved its key where the bound cookie is missing. */
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const name = this.bound?.credentials[0]?.name
    if (name !== undefined && !this.cookie.includes(`${name}=`)) await this.refresh()
    return this.#send('GET', path, headers)
  }

  /** The challenge of the last offer. */
  get challenge(): string {
    return /challenge="([^"]*)"/.exec(this.offer ?? '')?.[1] ?? ''
  }

  /** Registers its key, without cookies: a page of another site has led to the callback. */
  async register(changes: ProofChanges = {}, challenge = this.challenge): Promise<Answer> {
    const path = /path="([^"]*)"/.exec(this.offer ?? '')?.[1] ?? ''
    const proof = deviceProof(challenge, this.key, true, changes)
    const answer = await this.#prove(path, { 'secure-session-response': proof })
    if (answer.status === 200) this.bound = answer.body as Instructions
    return answer
  }

  /** Proves its key, for the challenge that it is given. */
  async refresh(changes: ProofChanges = {}): Promise<Answer> {
    const asked = await this.ask()
    if (asked.status !== 403) return this.#learn(asked)
    return this.#learn(await this.answer(challengeIn(asked), changes))
  }

  /** Asks for a challenge. */
  ask(): Promise<Answer> {
    const { refresh_url: path = '', session_identifier: id = '' } = this.bound ?? {}
    return this.#prove(path, { 'sec-secure-session-id': id })
  }

  /** Answers a challenge. */
  answer(challenge: string, changes: ProofChanges = {}): Promise<Answer> {
    const { refresh_url: path = '', session_identifier: id = '' } = this.bound ?? {}
    const proof = deviceProof(challenge, this.key, false, changes)
    return this.#prove(path, { 'sec-secure-session-id': id, 'secure-session-response': proof })
  }

  // A status of 4xx other than 403 ends the binding here, and so does `continue: false`.
  #learn(answer: Answer): Answer {
    const isOver = answer.status === 200 && (answer.body as Instructions).continue === false
    if (isOver || (answer.status >= 400 && answer.status < 500 && answer.status !== 403)) this.bound = undefined
    return answer
  }

  async #prove(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const own = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }
    const answer = await request(this.#options.app)
      .post(path)
      .set({ ...own, ...headers })
    this.#store(answer)
    this.answers.push(answer)
    return answer
  }

  async #send(method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Answer> {
    const all = this.cookie === '' ? headers : { ...headers, cookie: this.cookie }
    const asked = method === 'POST' ? request(this.#options.app).post(path) : request(this.#options.app).get(path)
    const answer = await asked.redirects(0).set(all).send(body)
    this.#store(answer)
    const offer: unknown = answer.headers['secure-session-registration']
    if (typeof offer === 'string' && this.#options.isOld !== true) {
      this.offer = offer
      this.key = newDeviceKey(this.#options.alg)
      if (this.registersAtOnce) await this.register()
    }
    return answer
  }

  /** Whether it registers its key when it is offered that; otherwise a test does. */
  registersAtOnce = true

  #store(answer: Answer): void {
    for (const line of [(answer.headers as Record<string, unknown>)['set-cookie'] ?? []].flat().map(String)) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      const age = attributes.flatMap((each) => /^Max-Age=(.*)$/.exec(each)?.[1] ?? [])[0]
      const endsAt = age === undefined ? Infinity : this.#options.now() + Number(age)
      if (age === '0') this.#cookies.delete(name)
      else this.#cookies.set(name, { value: pair.slice(name.length + 1), endsAt })
    }
  }
}

/** The challenge of an answer with 403. */
export function challengeIn(answer: Answer): string {
  return /^"([^"]*)"/.exec(String((answer.headers as Record<string, unknown>)['secure-session-challenge']))?.[1] ?? ''
}
