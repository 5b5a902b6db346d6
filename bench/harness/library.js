/** The build of express-oidc that is measured: `--library`, or what `npm run build` made. */
export async function ours() {
  const url = process.env.EXPRESS_OIDC_LIBRARY ?? new URL('../../dist/index.js', import.meta.url).href
  try {
    return await import(url)
  } catch (cause) {
    throw new Error('express-oidc could not be loaded: call "npm run build" in the folder above', { cause })
  }
}
