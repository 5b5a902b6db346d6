// The first that fits: others claim to be like them.
/** @type {readonly [string, RegExp][]} */
const browsers = [
  ['Edge', /\bEdg\w*\/(\d+)/],
  ['Opera', /\bOPR\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chromium', /\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+).* Safari\//],
]

/** @type {readonly [string, RegExp][]} */
const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
]

/**
 * A few words for what a browser calls itself.
 *
 * @param {string} agent
 * @returns {string}
 */
export function describeAgent(agent) {
  const browser = browsers.find(([, pattern]) => pattern.test(agent))
  const system = systems.find(([, pattern]) => pattern.test(agent))
  if (browser === undefined) return agent.split('/')[0]?.slice(0, 30) || 'no name'
  const [name, pattern] = browser
  const version = pattern.exec(agent)?.[1] ?? ''
  return `${name} ${version}${system === undefined ? '' : ` on ${system[0]}`}`
}
