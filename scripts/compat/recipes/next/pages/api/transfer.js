import { guardedApi } from '../../guard.js'

export default guardedApi((req, res) => res.send('done'))
