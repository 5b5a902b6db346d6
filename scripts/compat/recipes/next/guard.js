import { requireAuth } from 'express-oidc'

/** A getServerSideProps() behind a guard. Where that refuses, it answers by itself. */
export function guarded(load, ...requirements) {
  const middleware = requireAuth(...requirements)
  return (context) =>
    new Promise((resolve, reject) => {
      context.res.once('close', () => resolve({ props: {} }))
      middleware(context.req, context.res, (error) => {
        if (error) reject(error)
        else resolve(load(context))
      })
    })
}

/** An API route behind a guard. */
export function guardedApi(handler, ...requirements) {
  const middleware = requireAuth(...requirements)
  return (req, res) =>
    new Promise((resolve, reject) => {
      res.once('close', resolve)
      middleware(req, res, (error) => {
        if (error) reject(error)
        else resolve(handler(req, res))
      })
    })
}
