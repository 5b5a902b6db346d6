/*
 * What a snippet in the README or in docs may use without saying where it comes from: the application around it.
 * Every name is a global here, so that a snippet which declares it itself simply shadows it.
 */
import type { Express, NextFunction, Request, Response } from 'express'
import type { AuthInfo } from '@modelcontextprotocol/server'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as library from 'express-oidc'

declare global {
  const app: Express
  const express: typeof import('express')
  const req: Request
  const res: Response
  const next: NextFunction
  const options: library.OidcOptions
  const issuer: string
  const clientId: string
  const clientSecret: string
  const baseUrl: string
  const secret: string
  const sharedStore: library.SharedStore
  const listOrders: (req: Request, res: Response) => void
  const importOrders: (req: Request, res: Response) => void
  const payroll: (req: Request, res: Response) => void
  const removeOrder: (req: Request, res: Response) => void
  const transfer: (req: Request, res: Response) => void
  const vote: (req: Request, res: Response) => void
  const beta: (req: Request, res: Response) => void
  const mine: (req: Request, res: Response) => void
  const data: (req: Request, res: Response) => void
  /** A transport of the MCP SDK, as its types describe it. */
  const transport: {
    handleRequest(req: IncomingMessage & { auth?: AuthInfo }, res: ServerResponse, body?: unknown): Promise<void>
  }
  const isKnownTenant: (issuer: string) => Promise<boolean>
  const subOfMail: (mail: unknown) => Promise<string>
  const sessionsOfDevice: (id: unknown) => Promise<readonly { sid: string }[]>
  const receiver: library.SignalsMiddleware
  const auth: library.OidcMiddleware
  const isOwner: (subject: string, id: unknown) => Promise<boolean>

  const acr: typeof library.acr
  const all: typeof library.all
  const any: typeof library.any
  const bearer: typeof library.bearer
  const claim: typeof library.claim
  const deviceBound: typeof library.deviceBound
  const machine: typeof library.machine
  const maxAge: typeof library.maxAge
  const not: typeof library.not
  const oidc: typeof library.oidc
  const optionsFromEnv: typeof library.optionsFromEnv
  const permission: typeof library.permission
  const person: typeof library.person
  const provider: typeof library.provider
  const requireAuth: typeof library.requireAuth
  const role: typeof library.role
  const scope: typeof library.scope
}
