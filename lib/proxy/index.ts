export { apiProxy } from './api-proxy.js'
export { upgradeListener } from './web-socket.js'

export type { ApiProxy } from './api-proxy.js'
export type { ApiProxyOptions } from '../options/client/api-proxy.js'
export type { ApiTlsOptions, CurrentTls } from '../options/common/tls.js'
export type { AccessTokenTarget } from '../options/oidc/access-token.js'
export type { Middleware } from '../middleware/types.js'
