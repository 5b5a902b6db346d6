/** A JSON answer; text is sent as it is, whatever it says. */
export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })

/** A provider that is down. */
export const down = (): Response => new Response('', { status: 503 })
