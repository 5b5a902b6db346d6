// Serves the built site on this machine, with addresses without `.html` as GitHub Pages has them.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/**
 * Starts a server on 127.0.0.1, and answers with its address.
 *
 * @param base - the path that the site was built for
 */
export async function serve(folder, port, base = '/') {
  const server = createServer((req, res) => {
    const file = fileOf(folder, base, req.url)
    res.writeHead(file === undefined ? 404 : 200, {
      'content-type': types[extname(file ?? '.html')] ?? 'application/octet-stream',
    })
    createReadStream(file ?? join(folder, '404.html')).pipe(res)
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}${base}`
}

function fileOf(folder, base, url) {
  const { pathname } = new URL(url, 'http://127.0.0.1')
  if (!pathname.startsWith(base)) return undefined
  const path = join(folder, normalize(`/${decodeURI(pathname.slice(base.length))}`))
  return [path, `${path}.html`, join(path, 'index.html')].find((each) =>
    statSync(each, { throwIfNoEntry: false })?.isFile(),
  )
}
