import type { HttpRequest } from '../../http/request.js'
import { redirect, type Redirect, type Respond } from '../../http/outcome.js'
import type { LoginChoice } from '../../options/oidc/providers/options.js'
import type { Pages } from '../../options/pages.js'
import { choicePage, nothingToChoosePage } from '../pages.js'
import { atProvider, type BaseUrl } from '../base-url.js'
import { loginTarget, requireLoginRequest } from './login-route.js'

/** A provider to choose. */
interface Listed {
  readonly name: string
  readonly label: string
}

/** What a person chooses from, and where the login returns to. */
export interface Choice {
  readonly choices: readonly LoginChoice[]
  readonly returnTo: string | undefined
}

const parameter = 'provider'

/**
 * Prepares the choice among several providers. A form is redirected to it: its own page may be left with links only.
 *
 * @throws {AccessError} `login_needed` if the request is not a navigation of a window
 * @throws {AuthorizationResponseError} `method_not_allowed`
 */
export async function prepareChoice(
  base: BaseUrl,
  httpRequest: HttpRequest,
  listed: readonly Listed[],
): Promise<Choice | Redirect> {
  requireLoginRequest(httpRequest)
  const query = new URLSearchParams(httpRequest.query)
  if (httpRequest.method === 'POST')
    return redirect(choiceUrl(base, await postedTarget(base, httpRequest), namesIn(listed, query)))
  const returnTo = loginTarget(httpRequest, base)
  // Requirements may name some of them. Unknown names are ignored, since nothing depends on them.
  const names = namesIn(listed, query)
  const wanted = listed.filter(({ name }) => names.includes(name))
  const shown = wanted.length === 0 ? listed : wanted
  return {
    returnTo,
    choices: shown.map(({ name, label }) => ({ name, label, url: urlAt(base, name, returnTo, query) })),
  }
}

function namesIn(listed: readonly Listed[], query: URLSearchParams): readonly string[] {
  const wanted = query.getAll(parameter)
  return listed.map(({ name }) => name).filter((name) => wanted.includes(name))
}

/** Shows the choice. */
export function showChoice(pages: Pages, { choices }: Choice): Respond {
  return choices.length === 0 ? nothingToChoosePage(pages) : choicePage(pages, choices)
}

/**
 * Path of the choice among several providers.
 *
 * @param among - names of those to choose from. Default: all
 */
export function choiceUrl(base: BaseUrl, returnTo: string | undefined, among: readonly string[] = []): string {
  const query = new URLSearchParams(among.map((name): [string, string] => [parameter, name]))
  if (returnTo !== undefined && returnTo !== base.home) query.set('returnTo', returnTo)
  return withQuery(base.paths.login ?? '', query)
}

function urlAt(base: BaseUrl, name: string, returnTo: string | undefined, query: URLSearchParams): string {
  const kept = new URLSearchParams(
    [...query].filter(([key]) => ![parameter, 'returnTo', 'iss', 'target_link_uri'].includes(key)),
  )
  if (returnTo !== undefined) kept.set('returnTo', returnTo)
  return withQuery(atProvider(base, name).paths.login ?? '', kept)
}

async function postedTarget(base: BaseUrl, httpRequest: HttpRequest): Promise<string | undefined> {
  const [target, ...others] = (await httpRequest.form()).getAll('returnTo')
  return others.length === 0 && target !== undefined ? target : loginTarget(httpRequest, base)
}

function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query.toString()}`
}
