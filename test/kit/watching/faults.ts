/** What an endpoint does to a request: `echo` is all that was sent, `answer` the honest answer. */
export type Fault = (given: { readonly echo: string; readonly answer: () => Promise<Response> }) => Promise<Response>

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

/** Providers and networks that repeat all that they were sent. */
export const faults: Readonly<Record<string, Fault>> = {
  none: ({ answer }) => answer(),
  network: ({ echo }) => Promise.reject(new TypeError(`fetch failed: ${echo}`, { cause: new Error(echo) })),
  thrown: ({ echo }) => Promise.reject(Object.assign(new Error(echo), { name: 'AbortError', request: { body: echo } })),
  coded: ({ echo }) =>
    Promise.reject(Object.assign(new Error(echo), { code: 'ECONNRESET', syscall: 'read', config: { body: echo } })),
  miscoded: ({ echo }) =>
    Promise.reject(Object.assign(new Error(echo), { code: echo, name: echo, syscall: echo, hostname: echo })),
  broken: async ({ echo }) => new Response(echo, { status: 500 }),
  unavailable: async ({ echo }) => new Response(echo, { status: 503, headers: { 'retry-after': '1' } }),
  html: async ({ echo }) => new Response(`<p>${echo}</p>`, { headers: { 'content-type': 'text/html' } }),
  redirect: async ({ echo }) =>
    new Response(null, { status: 302, headers: { location: `https://evil.example/?${encodeURIComponent(echo)}` } }),
  invalidGrant: async ({ echo }) => json(400, { error: 'invalid_grant', error_description: echo, error_uri: echo }),
  invalidClient: async ({ echo }) =>
    json(401, { error: 'invalid_client', error_description: echo }, { 'www-authenticate': 'Basic realm="x"' }),
  oddError: async ({ echo }) => json(400, { error: echo, error_description: echo }),
  emptyTokens: async ({ echo }) => json(200, { note: echo }),
  oddTokens: async ({ echo }) => json(200, { access_token: { echo }, token_type: echo, id_token: echo }),
  badSignature: ({ answer }) => changed(answer, (body) => ({ ...body, id_token: `${String(body['id_token'])}AAAA` })),
  noIdToken: ({ answer }) => changed(answer, ({ id_token: _idToken, ...body }) => body),
  oddType: ({ answer }) => changed(answer, (body) => ({ ...body, token_type: 'mac' })),
}

async function changed(
  answer: () => Promise<Response>,
  change: (body: Record<string, unknown>) => Record<string, unknown>,
): Promise<Response> {
  return json(200, change((await (await answer()).json()) as Record<string, unknown>))
}
