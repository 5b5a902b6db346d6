// Words of examples and templates that somebody forgot to replace. A random text has none of them.
const placeholder =
  /(?:change|replace)[-_ ]?(?:me|this|it)|your[-_ ](?:[a-z]+[-_ ]){0,3}(?:secret|key)|placeholder|keyboard[-_ ]cat|openssl[-_ ]rand/i

/**
 * What is wrong with the first of some secrets that is too short, not varied or a placeholder; `undefined` if all are good. A
 * secret itself is not shown.
 */
export function weaknessOf(secrets: readonly string[]): string | undefined {
  const flaws = secrets.map(flawOf)
  const at = flaws.findIndex((flaw) => flaw !== undefined)
  const flaw = flaws[at]
  if (flaw === undefined || secrets.length === 1) return flaw
  return `${flaw} in secret ${at + 1} of ${secrets.length}; optionsFromEnv() takes spaces in SESSION_SECRET for the ends of secrets, so a passphrase must have none`
}

function flawOf(secret: string): string | undefined {
  const { size } = new Set(secret)
  if (secret.length < 32) return `${secret.length} characters`
  if (size < 8) return `only ${size} different characters`
  return placeholder.test(secret) ? 'a placeholder, such as "change-me"' : undefined
}
