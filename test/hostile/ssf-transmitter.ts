import { randomUUID } from 'node:crypto'
import { json } from '../kit/provider/answers.js'
import { type TransmitterCall, TestTransmitter, verification } from '../kit/signals/transmitter.js'
import { pushTo, type PushAnswer } from '../kit/signals/world.js'

/** A stream, as the transmitter keeps it. */
export interface Stream {
  readonly id: string
  configuration: Record<string, unknown>
  status: string
}

/** A token that waits to be delivered, or was. */
export interface Delivery {
  readonly jti: string
  readonly token: string
}

/** A transmitter with the API of the conformance suite: it keeps streams, and delivers what a test queues by push or by poll. */
export class SsfTransmitter extends TestTransmitter {
  readonly streams = new Map<string, Stream>()
  readonly queue: Delivery[] = []
  readonly acknowledged: string[] = []
  /** How many tokens were queued, and of how many the receiver has said what became of them. */
  readonly count = { queued: 0, settled: 0 }
  readonly errors: Record<string, { err: string; description: string }> = {}
  readonly pushes: (PushAnswer & { readonly jti: string })[] = []
  readonly subjects: unknown[] = []
  /** Access tokens that are valid. */
  accessTokens = ['token-1']
  /** The issuer in new streams. */
  streamIssuer = this.issuer
  /** Changes the answer to the next verification request. */
  spoilVerification: ((event: { state: unknown; id: string }) => { state?: unknown; id: string }) | undefined
  #arrived: () => void = () => undefined
  readonly #poll = `${this.issuer}/ssf/poll`
  readonly #origin: () => string

  /** @param origin - of the receiver, for pushes */
  constructor(clock: ConstructorParameters<typeof TestTransmitter>[0], origin: () => string) {
    super(clock)
    this.#origin = origin
    this.intercept = (call) => (/\/ssf\/(?!jwks)/.test(call.url.pathname) ? this.#api(call) : undefined)
  }

  /** Queues a token, for the next poll or push. */
  enqueue(token: string): Delivery {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
    const delivery = { jti: claims.jti, token }
    this.queue.push(delivery)
    this.count.queued += 1
    this.#arrived()
    return delivery
  }

  /** Pushes all that is queued, in order, as long as the stream is one with delivery by push. */
  async pushAll(): Promise<readonly PushAnswer[]> {
    const answers: PushAnswer[] = []
    for (const { jti, token } of this.queue.splice(0)) {
      const answer = await pushTo(this.#origin(), token)
      this.pushes.push({ ...answer, jti })
      if (answer.status === 202) this.acknowledged.push(jti)
      answers.push(answer)
    }
    return answers
  }

  async #api(call: TransmitterCall): Promise<Response> {
    const token = call.headers.get('authorization')?.replace('Bearer ', '') ?? ''
    if (!this.accessTokens.includes(token)) {
      return new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    }
    const handlers: Readonly<Record<string, () => Response | Promise<Response>>> = {
      stream: () => this.#configure(call),
      status: () => this.#status(call),
      'subjects:add': () => this.#subject(call, 200),
      'subjects:remove': () => this.#subject(call, 204),
      verify: () => this.#verify(call),
      poll: () => this.#deliver(call),
    }
    return handlers[call.url.pathname.split('/').at(-1) ?? '']?.() ?? new Response('', { status: 404 })
  }

  #configure({ method, url, body }: TransmitterCall): Response {
    const id = String(body['stream_id'] ?? url.searchParams.get('stream_id') ?? '')
    if (method === 'POST') return this.#create(body)
    if (method === 'GET' && id === '') return json([...this.streams.values()].map(({ configuration }) => configuration))
    const stream = this.streams.get(id)
    if (stream === undefined) return new Response('', { status: 404 })
    if (method === 'DELETE') {
      this.streams.delete(id)
      return new Response(null, { status: 204 })
    }
    if (method === 'PATCH' || method === 'PUT')
      stream.configuration = this.#described(id, { ...stream.configuration, ...body })
    return json(stream.configuration)
  }

  #create(body: Record<string, unknown>): Response {
    if (this.streams.size > 0) return new Response('', { status: 409 })
    const id = randomUUID()
    const stream = { id, configuration: this.#described(id, body), status: 'enabled' }
    this.streams.set(id, stream)
    return new Response(JSON.stringify(stream.configuration), { status: 201 })
  }

  #described(id: string, body: Record<string, unknown>): Record<string, unknown> {
    const delivery = body['delivery'] as Record<string, unknown> | undefined
    const isPoll = delivery?.['method'] === 'urn:ietf:rfc:8936'
    return {
      ...body,
      stream_id: id,
      iss: this.streamIssuer,
      aud: this.audience,
      delivery: isPoll ? { ...delivery, endpoint_url: this.#poll } : delivery,
      events_delivered: body['events_requested'],
    }
  }

  #status({ method, url, body }: TransmitterCall): Response {
    const id = String(body['stream_id'] ?? url.searchParams.get('stream_id'))
    const stream = this.streams.get(id)
    if (stream === undefined) return new Response('', { status: 404 })
    if (method === 'POST') stream.status = String(body['status'])
    return json({ stream_id: id, status: stream.status })
  }

  #subject({ body }: TransmitterCall, status: number): Response {
    this.subjects.push(body['subject'])
    return new Response(status === 204 ? null : '', { status })
  }

  async #verify({ body }: TransmitterCall): Promise<Response> {
    const id = String(body['stream_id'])
    const asked = { state: body['state'], id }
    const event = this.spoilVerification?.(asked) ?? asked
    this.spoilVerification = undefined
    this.enqueue(await this.verificationEvent(event.id, event.state))
    return new Response(null, { status: 204 })
  }

  /** A verification event; without state it is the transmitter's own. */
  verificationEvent(id: string, state?: unknown): Promise<string> {
    return this.mint({ [verification]: state === undefined ? {} : { state } }, { format: 'opaque', id })
  }

  async #deliver({ body }: TransmitterCall): Promise<Response> {
    const { ack = [], setErrs = {}, maxEvents = 100, returnImmediately = false } = body as PollBody
    this.acknowledged.push(...ack)
    Object.assign(this.errors, setErrs)
    this.count.settled += ack.length + Object.keys(setErrs).length
    if (this.queue.length === 0 && !returnImmediately) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
    const page = this.queue.splice(0, maxEvents)
    const sets = Object.fromEntries(page.map(({ jti, token }) => [jti, token]))
    return json({ sets, ...(this.queue.length > 0 ? { moreAvailable: true } : {}) })
  }
}

interface PollBody {
  readonly ack?: readonly string[]
  readonly setErrs?: SsfTransmitter['errors']
  readonly maxEvents?: number
  readonly returnImmediately?: boolean
}
