const pattern = /^Bearer ([\w.-]+)$/i

/** The least that one writes by hand around a validator. */
export function guarded(validate) {
  return async function guard(req, res, next) {
    const token = pattern.exec(req.headers.authorization ?? '')?.[1]
    try {
      req.auth = await validate(token)
    } catch {
      res.statusCode = 401
      res.setHeader('WWW-Authenticate', 'Bearer error="invalid_token"')
      res.end()
      return
    }
    next()
  }
}

/** A middleware called without a server, by as little of a request as it looks at. */
export function throughMiddleware(middleware) {
  return (token) =>
    new Promise((resolve, reject) => {
      const req = {
        method: 'GET',
        url: '/api/orders',
        originalUrl: '/api/orders',
        protocol: 'http',
        headers: { host: 'api.example.com', authorization: `Bearer ${token}` },
        query: {},
        is: () => false,
        get: (name) => req.headers[name.toLowerCase()],
      }
      const res = { setHeader: () => undefined, end: () => reject(new Error('refused')) }
      middleware(req, res, (error) => (error === undefined ? resolve(req.auth ?? req.user) : reject(error)))
    })
}
