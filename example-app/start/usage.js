import { knownOptions } from './arguments.js'

const options = Object.entries(knownOptions).map(([name, what]) => `  ${name.padEnd(16)}${what}`)

/** What `--help` prints. */
export const usage = `express-oidc demo: a tour through logins, sessions and APIs, with every step of the protocol beside it.

  npm run demo                  installs and builds what is missing, then starts on http://localhost:3000
  node example-app/main.js      only starts

Options, behind \`npm run demo --\`:

${options.join('\n')}

Without variables it brings its own OpenID Provider, where alice (dept hr) and bob (dept engineering) live, and a second one, on the
next port, where another alice lives, and carol.

  PORT            port of the app on 127.0.0.1           3000
  BASE_URL        where browsers reach the app           http://localhost:PORT
  PROVIDER_PORT   port of the demo's own provider        PORT + 1
  ISSUER          another provider, instead of its own
  CLIENT_ID       this app's name there                  needed with ISSUER
  CLIENT_SECRET   and its secret                         none for a public client
  AUDIENCE        of the access tokens that it issues    no API page without it
  SESSION_SECRET  32 characters or more; seals cookies   new at each start

Register BASE_URL/callback and BASE_URL/ (after logout) at a provider of your own.`
