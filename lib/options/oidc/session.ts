import * as v from 'valibot'
import { flag, seconds, text } from '../common/fields.js'
import { sessionStore } from '../common/store-schema.js'
import { byDefault } from '../common/parse.js'

const cookie = byDefault({
  name: v.optional(
    v.pipe(
      text('a cookie name'),
      v.regex(
        /^(?!__)[A-Za-z0-9._-]{1,40}$/,
        'must be 1 to 40 letters, digits, ".", "_" or "-"; the prefix is put before it by itself',
      ),
    ),
  ),
  domain: v.optional(
    v.pipe(
      text('a domain'),
      v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain such as "example.com", without a leading dot'),
    ),
  ),
  sameSite: v.optional(v.picklist(['Lax', 'Strict'], 'must be "Lax" or "Strict"'), 'Lax'),
  transient: v.optional(flag, false),
})

/** How long a session lives and how its cookie looks. */
export const session = v.pipe(
  byDefault({
    idleSeconds: v.optional(seconds(60, 31_536_000), 86_400),
    absoluteSeconds: v.optional(seconds(60, 31_536_000), 604_800),
    rollingStepSeconds: v.optional(seconds(0, 86_400)),
    maxCookieBytes: v.optional(
      v.pipe(
        v.number('must be a whole number of bytes'),
        v.check(
          (n) => Number.isInteger(n) && n >= 1024 && n <= 12_288,
          'must be a whole number of bytes from 1024 to 12288: Node refuses request heads over 16 KiB',
        ),
      ),
      7168,
    ),
    store: sessionStore,
    use: v.optional(v.picklist(['request'], 'must be "request": the login is kept in req.session then')),
    storeTimeoutSeconds: v.optional(seconds(0.1, 60), 2),
    cookie,
  }),
  v.check(
    ({ store, use }) => store === undefined || use === undefined,
    'must not have both "store" and "use": the session middleware has a store of its own',
  ),
  v.transform((value) => ({ ...value, rollingStepSeconds: value.rollingStepSeconds ?? value.idleSeconds / 10 })),
)
