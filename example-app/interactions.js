import express from 'express'
import { pageHeaders } from './provider-pages.js'
import { render } from './render.js'

/**
 * Makes the provider's pages between an authorization request and its response: who are you, and do you agree.
 *
 * `GET /interaction/:uid` shows the page; `POST /interaction/:uid/login` (`account`), `/consent` and `/cancel` answer it.
 *
 * @param {import('oidc-provider/lib/provider.js').Provider} provider
 * @param {import('./provider-pages.js').Site} site
 * @param {readonly import('./users.js').User[]} people
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {express.Router}
 */
export function interactions(provider, site, people, clients) {
  const router = express.Router()
  const headers = pageHeaders(clients)

  router.get('/interaction/:uid', async (req, res) => {
    const { uid, prompt, params } = await provider.interactionDetails(req, res)
    const client = clients.find((candidate) => candidate.client_id === params.client_id)
    const page = { site, uid, prompt: prompt.name, people, client, scope: params.scope ?? '' }
    res.set(headers).send(render('provider-login', page))
  })

  router.post('/interaction/:uid/login', express.urlencoded({ extended: false }), async (req, res) => {
    const person = people.find((candidate) => candidate.id === req.body?.account)
    if (person === undefined) throw Object.assign(new Error('Nobody of that name lives here.'), { status: 400 })
    await provider.interactionFinished(req, res, { login: { accountId: person.id } })
  })

  router.post('/interaction/:uid/consent', (req, res) => provider.interactionFinished(req, res, { consent: {} }))

  router.post('/interaction/:uid/cancel', (req, res) =>
    provider.interactionFinished(req, res, {
      error: 'access_denied',
      error_description: 'The person pressed Cancel at the provider.',
    }),
  )

  router.use('/interaction', failed(site))
  return router
}

/**
 * @param {import('./provider-pages.js').Site} site
 * @returns {express.ErrorRequestHandler}
 */
function failed(site) {
  return (error, _req, res, _next) => {
    const status = error.status ?? error.statusCode ?? 500
    const text =
      status < 500
        ? 'This sign-in is over or was never begun. Go back to the application and start again.'
        : 'It failed.'
    res.status(status).set(pageHeaders([]))
    res.send(render('provider-message', { site, title: 'Nothing to sign in to', text }))
  }
}
