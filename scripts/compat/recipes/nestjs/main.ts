import { type CanActivate, Controller, Get, HttpCode, Module, Post, Req, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Request, Response } from 'express'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, type Requirement, scope } from 'express-oidc'

/** A guard of these requirements. Where it refuses, it answers by itself. */
function auth(...requirements: Requirement<Request>[]): CanActivate {
  const middleware = requireAuth(...requirements)
  return {
    canActivate: (context) =>
      new Promise((resolve, reject) => {
        const http = context.switchToHttp()
        middleware(http.getRequest<Request>(), http.getResponse<Response>(), (error) => {
          if (error) reject(error)
          else resolve(true)
        })
      }),
  }
}

@Controller()
class AppController {
  @Get()
  home(): string {
    return 'home'
  }

  @Get('profile')
  @UseGuards(auth())
  profile(@Req() req: Request): object {
    return { sub: req.auth?.subject }
  }

  @Get('hr')
  @UseGuards(auth(claim('dept', 'hr')))
  hr(): string {
    return 'for human resources only'
  }

  @Post('transfer')
  @HttpCode(200)
  @UseGuards(auth())
  transfer(): string {
    return 'done'
  }

  @Get('api/orders')
  @UseGuards(auth(scope('read')))
  orders(@Req() req: Request): object {
    return { sub: req.auth?.subject }
  }
}

@Module({ controllers: [AppController] })
class AppModule {}

const app = await NestFactory.create(AppModule)
app.use('/api', bearer({ issuer: process.env['ISSUER'] ?? '', audience: 'https://api.example.com' }))
app.use(oidc(optionsFromEnv()))
app.use(csrf())
await app.listen(Number(process.env['PORT']), '127.0.0.1')
