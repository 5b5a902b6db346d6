import type Koa from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * Presses the button on the provider's "do you want to sign out?" page for the person, so that RP-initiated logout is
 * a chain of redirects. The provider takes the answer as a POST only, with a secret that it keeps in its session.
 */
export async function confirmLogout(ctx: Koa.Context, next: Koa.Next): Promise<void> {
  await next()
  const oidc = (ctx as Partial<KoaContextWithOIDC>).oidc
  if (oidc?.route !== 'end_session' || ctx.status !== 200) return
  const secret = oidc.session?.state?.['secret']
  const confirmation = await fetch(oidc.urlFor('end_session_confirm'), {
    method: 'POST',
    headers: { cookie: cookiesAfter(ctx) },
    body: new URLSearchParams({ xsrf: String(secret), logout: 'yes' }),
    redirect: 'manual',
  })
  ctx.append('set-cookie', confirmation.headers.getSetCookie())
  ctx.redirect(confirmation.headers.get('location') ?? '/')
}

/** The browser's cookies as they will be after this response. */
function cookiesAfter(ctx: Koa.Context): string {
  const fresh = [ctx.response.get('set-cookie')].flat().map((line) => line.split(';', 1)[0] ?? '')
  const names = new Set(fresh.map((pair) => pair.split('=', 1)[0]))
  const kept = ctx.get('cookie').split('; ')
  return [...kept.filter((pair) => !names.has(pair.split('=', 1)[0] ?? '')), ...fresh].join('; ')
}
