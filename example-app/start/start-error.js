/** The demo cannot start; the message is for the person who tried, in one line. */
export class StartError extends Error {}

/** @type {Readonly<Record<string, string>>} */
const variables = {
  issuer: 'ISSUER',
  clientId: 'CLIENT_ID',
  clientSecret: 'CLIENT_SECRET',
  baseUrl: 'BASE_URL',
  secret: 'SESSION_SECRET',
  audience: 'AUDIENCE',
}

/**
 * Puts whatever kept the demo from starting into the words of its user, who set variables and knows no options.
 *
 * @param {unknown} error
 * @param {string} issuer
 * @returns {StartError}
 */
export function startError(error, issuer) {
  if (error instanceof StartError) return error
  const { message = '', status = 500, code } = Object(error)
  if (status >= 502) return new StartError(`${issuer}: ${message}`, { cause: error })
  const plain = message.replace(/^\w+\(\): (invalid options\s+- )?/, '')
  return new StartError(code === 'invalid_options' ? inVariables(plain) : plain, { cause: error })
}

/**
 * @param {NodeJS.ErrnoException} error Why a port could not be had.
 * @param {number} port
 * @param {string} name The variable that chooses the port.
 * @returns {Error}
 */
export function portError(error, port, name) {
  if (error.code === 'EADDRINUSE') return new StartError(`port ${port} is taken: stop what uses it, or set ${name}`)
  if (error.code === 'EACCES')
    return new StartError(`port ${port} is not allowed for you: set ${name} to one above 1023`)
  return error
}

/** @param {string} message */
function inVariables(message) {
  return message.replace(/"(\w+)"/g, (quoted, option) => variables[option] ?? quoted)
}
