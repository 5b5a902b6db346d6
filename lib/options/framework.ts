import type { IncomingMessage, ServerResponse } from 'node:http'
// Where @types/express is not installed, these names stand for anything, with a member of every name. The comment has to be of this
// form, since TypeScript leaves others out of declarations.
/* eslint-disable-next-line @typescript-eslint/ban-ts-comment -- a missing package is not an error here */
/** @ts-ignore */
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express'

/** Express's request where `@types/express` is installed, otherwise Node's. */
export type FrameworkRequest = string extends keyof ExpressRequest ? IncomingMessage : ExpressRequest

/** Express's response where `@types/express` is installed, otherwise Node's. */
export type FrameworkResponse = string extends keyof ExpressResponse ? ServerResponse : ExpressResponse
