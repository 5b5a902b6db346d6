import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { testProvider } from '../../../lib/testing/test-provider.js'
import { type RealProvider, startRealProvider } from '../../provider-real/provider.js'
import { complaintsOf, diagnose, findingsOf } from './diagnosis.js'

let real: RealProvider

beforeAll(async () => {
  real = await startRealProvider()
})

afterAll(() => real.close())

const audience = 'https://api.example.com'
const find = async (bearer: object, check: string) =>
  findingsOf(await diagnose({ bearer })).find((finding) => finding.check === check)

describe('doctor, about an API', () => {
  test('complains of nothing if the issuer and its keys are there', async () => {
    const report = await diagnose({ bearer: { issuer: real.issuer, audience } })
    expect(complaintsOf(report)).toEqual([])
    expect(report.sections.map(({ subject }) => subject)).toContainEqual({ kind: 'api', issuer: real.issuer })
    expect(report.urls).toEqual([])
  })

  test('finds an issuer that is spelled otherwise', async () => {
    expect(await find({ issuer: `${real.issuer}/`, audience }, 'issuer')).toMatchObject({ status: 'fail' })
  })

  test('finds that there is no key for the algorithms', async () => {
    expect(await find({ issuer: real.issuer, audience, algorithms: ['PS512'] }, 'keys')).toMatchObject({
      ...{ status: 'fail', message: expect.stringContaining('no key for PS512') },
    })
  })

  test('finds options that are invalid', async () => {
    expect(await find({ issuer: real.issuer }, 'options')).toMatchObject({
      ...{ status: 'fail', message: expect.stringContaining('"audience"') },
    })
  })

  test.each([
    [{ secret: 'short', algorithms: ['HS256'] }, /"secret"/],
    [{ issuer: 'https://id.example/{tenantid}' }, /"tenants" if, and only if, "issuer"/],
  ])('advises nothing that is for oidc() where the options are %j', async (options, message) => {
    const issuer = 'https://id.example'
    const flaw = await find({ issuer, audience, ...options }, 'options')
    expect(flaw).toMatchObject({ status: 'fail', message: expect.stringMatching(message) })
    expect(flaw?.fix).not.toMatch(/SESSION_SECRET|ISSUER/)
  })

  test('examines the other issuers where the key of one cannot be used', async () => {
    const broken = 'https://broken.example'
    const publicKey = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'
    const report = await diagnose({
      bearer: { issuer: { [broken]: { audience, publicKey }, [real.issuer]: { audience } } },
    })
    const failed = ({ findings }: (typeof report.sections)[number]) =>
      findings.filter(({ status }) => status === 'fail')
    expect(report.sections.map((section) => [section.subject, failed(section).length])).toEqual([
      [{ kind: 'application' }, 0],
      [{ kind: 'api', issuer: broken }, 1],
      [{ kind: 'api', issuer: real.issuer }, 0],
    ])
  })

  test('asks the introspection endpoint about a token that nobody has issued', async () => {
    const { clientId, clientSecret } = real.machine
    const options = { issuer: real.issuer, audience }
    expect(await find({ ...options, introspection: { clientId, clientSecret } }, 'introspection')).toMatchObject({
      status: 'ok',
    })
    const wrong = await find({ ...options, introspection: { clientId, clientSecret: 'wrong' } }, 'introspection')
    expect(wrong).toMatchObject({ status: 'fail', fix: expect.stringContaining('"introspection"') })
  })

  test('needs no metadata where the options give the keys', async () => {
    const { keys } = (await (await fetch(`${real.issuer}/jwks`)).json()) as { keys: object[] }
    const report = await diagnose({ bearer: { issuer: 'https://nowhere.invalid', audience, jwks: { keys } } })
    expect(complaintsOf(report)).toEqual([])
  })

  test('reaches each of several providers by its own fetch', async () => {
    const { work, home } = {
      work: await testProvider({ issuer: 'https://work.test' }),
      home: await testProvider({ issuer: 'https://home.test' }),
    }
    home.down()
    const providers = { work: work.options.provider, home: home.options.provider }
    const { sections } = await diagnose({ bearer: { providers, audience } })
    const failed = sections.filter(({ findings }) => findings.some(({ status }) => status === 'fail'))
    expect(sections.map(({ subject }) => subject)).toContainEqual({ kind: 'api', issuer: work.issuer })
    expect(failed.map(({ subject }) => subject)).toEqual([{ kind: 'api', issuer: home.issuer }])
  })

  test('says what it cannot know: issuers from a function, tokens for anyone', async () => {
    expect(await find({ issuer: () => undefined, audience }, 'issuers')).toMatchObject({ status: 'unknown' })
    expect(await find({ issuer: real.issuer, audience: null }, 'audience')).toMatchObject({ status: 'unknown' })
  })
})
