import { scope } from 'express-oidc'
import { guardedApi } from '../../guard.js'

export default guardedApi((req, res) => res.json({ sub: req.auth.subject }), scope('read'))
