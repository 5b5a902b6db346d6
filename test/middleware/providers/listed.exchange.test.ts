import { expect, test } from '@jest/globals'
import express from 'express'
import { decodeJwt } from 'jose'
import request from 'supertest'
import { oidc } from '../../../lib/index.js'
import { testProvider } from '../../../lib/testing/index.js'

test('with a session at one of two providers, exchange() asks that one, and keeps the result for its sessions', async () => {
  const work = await testProvider({ issuer: 'https://work.test' })
  const home = await testProvider({ issuer: 'https://home.test' })
  const providers = { work: work.options.provider, home: home.options.provider }
  const { baseUrl, secret } = work.options.oidc
  const app = express().use(oidc({ providers, baseUrl, secret }))
  app.get('/exchange', async (req, res) => void res.json(await req.oidc.exchange({ resource: 'https://bills.test' })))
  const agent = request.agent(app)
  const exchanged = async () => String((await agent.get('/exchange')).body)

  await work.signIn(agent, 'alice', { path: '/login/work' })
  home.down()
  const first = await exchanged()
  expect(decodeJwt(first)).toMatchObject({ iss: work.issuer, aud: 'https://bills.test', sub: 'alice' })
  expect(await exchanged()).toBe(first)

  home.up()
  await home.signIn(agent, 'alice', { path: '/login/home' })
  work.down()
  expect(decodeJwt(await exchanged())).toMatchObject({ iss: home.issuer, sub: 'alice' })
})
