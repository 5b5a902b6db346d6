/** The build of express-oidc that is measured: `--library`, or what `npm run build` made. */
export function ours() {
  return built('index.js')
}

/** The same build's express-oidc/redis. */
export function oursRedis() {
  return built('redis/index.js')
}

/** The same build's express-oidc/testing. */
export function oursTesting() {
  return built('testing/index.js')
}

/** The same build's express-oidc/proxy. */
export function oursProxy() {
  return built('proxy/index.js')
}

async function built(file) {
  const index = process.env.EXPRESS_OIDC_LIBRARY ?? new URL('../../dist/index.js', import.meta.url).href
  try {
    return await import(new URL(file === 'index.js' ? index : file, index).href)
  } catch (cause) {
    throw new Error('express-oidc could not be loaded: call "npm run build" in the folder above', { cause })
  }
}
