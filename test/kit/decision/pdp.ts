import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../listen.js'

/** A question as it came. */
export interface PdpCall {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How it answers in place of its policy. */
export type PdpAnswer = (res: ServerResponse, call: PdpCall, req: IncomingMessage) => unknown

/** A policy decision point by the specification, on a loopback port. */
export interface Pdp {
  readonly url: string
  /** All requests, in order. */
  readonly calls: PdpCall[]
  /** Answers by this function from now on, or by its policy again. */
  answer(next?: PdpAnswer): void
  /** Its metadata; none if it is `undefined`. */
  metadata: object | undefined
  close(): Promise<void>
}

type Entity = { readonly type?: unknown; readonly id?: unknown; readonly properties?: Record<string, unknown> }
type Question = {
  readonly subject?: Entity
  readonly resource?: Entity
  readonly action?: { readonly name?: unknown; readonly properties?: Record<string, unknown> }
}

/**
 * Starts a policy decision point with the fixture of the AuthZEN certification scenario (section 2): its subjects, resources, and
 * rules, and the errors that it must answer with.
 */
export async function startPdp(): Promise<Pdp> {
  const calls: PdpCall[] = []
  let answer: PdpAnswer | undefined
  const server = createServer((req, res) => {
    void callOf(req).then((call) => {
      calls.push(call)
      const id = req.headers['x-request-id']
      if (id !== undefined) res.setHeader('x-request-id', id)
      return (answer ?? usual)(res, call, req)
    })
  })
  const { origin, close } = await listen(server)
  const pdp: Pdp = {
    url: origin,
    calls,
    answer: (next) => void (answer = next),
    metadata: {
      policy_decision_point: origin,
      access_evaluation_endpoint: `${origin}/access/v1/evaluation`,
      access_evaluations_endpoint: `${origin}/access/v1/evaluations`,
    },
    close,
  }
  function usual(res: ServerResponse, call: PdpCall): void {
    if (call.path === '/.well-known/authzen-configuration') return sendJson(res, pdp.metadata, pdp.metadata ? 200 : 404)
    if (call.headers['content-type'] !== 'application/json') return void res.writeHead(400).end('no JSON')
    if (call.path === '/access/v1/evaluation') return evaluate(res, JSON.parse(call.body) as Question)
    if (call.path === '/access/v1/evaluations') return evaluateAll(res, JSON.parse(call.body) as Batch)
    res.writeHead(404).end()
  }
  return pdp
}

type Batch = { readonly evaluations: readonly Question[] }

/** Answers with JSON. */
export function sendJson(res: ServerResponse, value: unknown, status = 200): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function evaluate(res: ServerResponse, question: Question): void {
  if (isComplete(question)) sendJson(res, answerTo(question))
  else res.writeHead(400).end('a member is missing')
}

function evaluateAll(res: ServerResponse, { evaluations }: Batch): void {
  sendJson(res, {
    evaluations: evaluations.map((each) => (isComplete(each) ? answerTo(each) : { decision: false })),
  })
}

function isComplete({ subject, resource, action }: Question): boolean {
  return [subject?.type, subject?.id, resource?.type, resource?.id, action?.name].every((id) => typeof id === 'string')
}

function answerTo(question: Question): object {
  const decision = isAllowed(question)
  return decision ? { decision } : { decision, context: { reason_admin: { en: 'Request failed policy C076E82F' } } }
}

function isAllowed({ subject, resource, action }: Question): boolean {
  const isArchived = resource?.properties?.['status'] === 'archived'
  if (subject?.properties?.['role'] === 'admin' && isArchived) return action?.name === 'write'
  if (subject?.id === 'alice' && action?.name === 'delete') return action.properties?.['soft'] === true
  if (subject?.id === 'alice') return action?.name === 'read' || (action?.name === 'write' && !isArchived)
  return subject?.id === 'bob' && action?.name === 'read'
}

async function callOf(req: IncomingMessage): Promise<PdpCall> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const { method = '', url = '', headers } = req
  return { method, path: url, headers, body: Buffer.concat(chunks).toString() }
}
