import express from 'express'
import { pageHeaders } from './pages.js'
import { render } from '../web/render.js'
import { isSecondStep, secondFactor } from './second-factor.js'

/**
 * Makes the provider's pages between an authorization request and its response: who are you, and do you agree.
 *
 * `GET /interaction/:uid` shows the page; `POST /interaction/:uid/login` (`account`), `/second-factor`, `/consent` and `/cancel`
 * answer it.
 *
 * @param {import('oidc-provider/lib/provider.js').Provider} provider
 * @param {import('./pages.js').Site} site
 * @param {readonly import('./users.js').User[]} people
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {express.Router}
 */
export function interactions(provider, site, people, clients) {
  const router = express.Router()
  const headers = pageHeaders(clients)

  router.get('/interaction/:uid', async (req, res) => {
    const { uid, prompt, params, session } = await provider.interactionDetails(req, res)
    const client = clients.find((candidate) => candidate.client_id === params.client_id)
    const asked = isSecondStep(prompt.reasons) ? 'second-factor' : prompt.name
    const page = { site, uid, asked, people, client, scope: params.scope ?? '', account: session?.accountId }
    res.set(headers).send(render('provider/login', page))
  })

  router.post('/interaction/:uid/login', express.urlencoded({ extended: false }), async (req, res) => {
    const person = people.find((candidate) => candidate.id === req.body?.account)
    if (person === undefined) throw Object.assign(new Error('Nobody of that name lives here.'), { status: 400 })
    await provider.interactionFinished(req, res, { login: { accountId: person.id } })
  })

  router.post('/interaction/:uid/second-factor', async (req, res) => {
    const { session } = await provider.interactionDetails(req, res)
    await provider.interactionFinished(req, res, { login: { accountId: session?.accountId, acr: secondFactor } })
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
 * @param {import('./pages.js').Site} site
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
    res.send(render('provider/message', { site, title: 'Nothing to sign in to', text }))
  }
}
