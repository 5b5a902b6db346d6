import type { Configuration } from 'oidc-provider'

/** An error page of the provider. By default it prints a notice that it should have one. */
export const plainError: Configuration['renderError'] = async (ctx, { error }) => void (ctx.body = error)
