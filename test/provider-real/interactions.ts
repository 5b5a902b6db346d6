import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { type InteractionResults, type KoaContextWithOIDC, interactionPolicy } from 'oidc-provider'
import type { Accounts } from './accounts.js'

/** The path that the provider sends people to when it needs something of them. */
export const interactionPath = '/interaction'

/** What {@link finishInteraction} decides by. */
export interface Decider {
  readonly provider: Provider
  readonly accounts: Accounts
  /** Who signs in when no `login_hint` says otherwise. */
  readonly defaultAccount: string
  readonly acrValues: readonly string[]
}

/** Signs the person in without a page: `login_hint` names an account, or `refuse` for one who says no. */
export async function finishInteraction(decider: Decider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { params, prompt } = await decider.provider.interactionDetails(req, res)
  const result = prompt.name === 'login' ? loginResult(decider, params) : { consent: {} }
  await decider.provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true })
}

function loginResult(decider: Decider, params: Record<string, unknown>): InteractionResults {
  const accountId = typeof params['login_hint'] === 'string' ? params['login_hint'] : decider.defaultAccount
  if (!(accountId in decider.accounts)) {
    return { error: 'access_denied', error_description: 'The person refused.' }
  }
  const acr = wantedAcr(params).find((value) => decider.acrValues.includes(value)) ?? decider.acrValues[0]
  return { login: { accountId, amr: ['pwd'], ...(acr === undefined ? {} : { acr }) } }
}

/** The provider's usual policy, and: a session that is weaker than `acr_values` asks for signs in once more. */
export function policyWithStepUp(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  const reason = 'The session does not reach any of the acr_values.'
  policy.get('login')?.checks.add(new interactionPolicy.Check('acr_values', reason, 'login_required', tooWeak))
  return policy
}

function tooWeak(ctx: KoaContextWithOIDC): boolean {
  const wanted = wantedAcr(ctx.oidc.params ?? {})
  if (wanted.length === 0 || ctx.oidc.result?.login !== undefined) return false
  return !wanted.includes(ctx.oidc.session?.acr ?? '')
}

function wantedAcr(params: Record<string, unknown>): string[] {
  const { acr_values: values } = params
  return typeof values === 'string' ? values.split(' ').filter((value) => value !== '') : []
}
