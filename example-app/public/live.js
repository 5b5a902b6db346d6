// Listens to the app while the page is looked at: who else is signed in as this person, and when this session is over.
const devices = document.querySelector('#devices')
let source

function open() {
  if (source !== undefined || document.hidden) return
  source = new EventSource('/live')
  source.addEventListener('devices', ({ data }) => {
    // Rendered, and escaped, by the same template as the page.
    if (devices === null) return
    devices.innerHTML = JSON.parse(data)
    devices.dataset.live = 'true'
  })
  source.addEventListener('process', ({ data }) => show(JSON.parse(data)))
  source.addEventListener('over', ({ data }) => {
    const { code, after = '' } = JSON.parse(data)
    close()
    location.replace(`/?${new URLSearchParams({ ended: code, after })}`)
  })
  // The browser reconnects by itself after a lost connection, but not after an error response (both processes are
  // down).
  source.addEventListener('error', () => {
    if (source?.readyState !== EventSource.CLOSED) return
    close()
    setTimeout(open, 2000)
  })
}

function close() {
  source?.close()
  source = undefined
}

function show({ pid, running }) {
  const place = document.querySelector('#live-from')
  if (place === null) return
  place.textContent = pid
  document.querySelector('#running').textContent = running.join(', ')
}

open()
// Browsers allow six connections to an app: hidden tabs need none.
document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
// On the way to "Log out", which must not be overtaken by its own effect.
window.addEventListener('beforeunload', close)
// Restored from the browser's back-forward cache: the person may have signed out since.
window.addEventListener('pageshow', (event) => event.persisted && location.reload())
