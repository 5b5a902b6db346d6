// Stands in for API Gateway: `node gateway.js <v1|v2>` makes an event of each request, and a response of what the handler returns.
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

const { handler } = await import(pathToFileURL('handler.mjs').href)
const [version = 'v2'] = process.argv.slice(2)
const context = { callbackWaitsForEmptyEventLoop: true, functionName: 'app', awsRequestId: '1' }

createServer(async (req, res) => {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const answer = await handler(eventOf[version](req, Buffer.concat(chunks)), context)
  res.statusCode = answer.statusCode
  for (const [name, value] of headersOf(answer)) res.appendHeader(name, String(value))
  res.end(Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8'))
}).listen(Number(process.env.PORT), '127.0.0.1')

const eventOf = {
  /** Version 1.0 of the payload: REST APIs, which take their stage out of the path. */
  v1(req, body) {
    const { pathname: whole, searchParams } = new URL(req.url, 'http://gateway')
    const pathname = whole.replace(/^\/prod(?=\/)/, '')
    const lists = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]))
    const isWithQuery = searchParams.size > 0
    return {
      resource: '/{proxy+}',
      path: pathname,
      httpMethod: req.method,
      headers: { ...req.headers },
      multiValueHeaders: Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, [value].flat()])),
      queryStringParameters: isWithQuery ? Object.fromEntries(searchParams) : null,
      multiValueQueryStringParameters: isWithQuery ? lists : null,
      pathParameters: { proxy: pathname.slice(1) },
      stageVariables: null,
      requestContext: {
        path: whole,
        stage: 'prod',
        httpMethod: req.method,
        protocol: 'HTTP/1.1',
        domainName: req.headers.host,
        identity: { sourceIp: '203.0.113.7', userAgent: 'browser' },
      },
      ...bodyOf(body),
    }
  },

  /** Version 2.0 of the payload: HTTP APIs and function URLs. */
  v2(req, body) {
    const { pathname, search } = new URL(req.url, 'http://gateway')
    const { cookie, ...headers } = req.headers
    return {
      version: '2.0',
      routeKey: '$default',
      rawPath: pathname,
      rawQueryString: search.slice(1),
      ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')])),
      ...(search === '' ? {} : { queryStringParameters: Object.fromEntries(new URLSearchParams(search)) }),
      requestContext: {
        stage: '$default',
        domainName: req.headers.host,
        http: {
          method: req.method,
          path: pathname,
          protocol: 'HTTP/1.1',
          sourceIp: '203.0.113.7',
          userAgent: 'browser',
        },
      },
      ...bodyOf(body),
    }
  },
}

function bodyOf(body) {
  return body.length === 0
    ? { body: null, isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true }
}

function headersOf({ headers = {}, multiValueHeaders = {}, cookies = [] }) {
  const many = Object.entries(multiValueHeaders).flatMap(([name, values]) => values.map((value) => [name, value]))
  const known = new Set(Object.keys(multiValueHeaders).map((name) => name.toLowerCase()))
  const single = Object.entries(headers).filter(([name]) => !known.has(name.toLowerCase()))
  return [...single, ...many, ...cookies.map((value) => ['set-cookie', value])].filter(
    ([name]) => !/^(?:content-length|transfer-encoding|connection)$/i.test(name),
  )
}
