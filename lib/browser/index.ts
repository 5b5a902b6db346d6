export { createOidcClient } from './client.js'

export type {
  ApiFetchInit,
  OidcClient,
  OidcClientOptions,
  On401,
  PageLoginOptions,
  Session,
  SessionTimes,
  SessionUser,
  SignedInSession,
  SignedOutSession,
} from './types.js'
