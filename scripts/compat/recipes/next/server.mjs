import express from 'express'
import next from 'next'
import { bearer, csrf, oidc, optionsFromEnv } from 'express-oidc'

const pages = next({ dev: false })
await pages.prepare()
const handle = pages.getRequestHandler()

const app = express()
app.use('/api/orders', bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))
app.use(oidc(optionsFromEnv()))
app.use(csrf())
app.use((req, res) => handle(req, res))
app.listen(Number(process.env.PORT), '127.0.0.1')
