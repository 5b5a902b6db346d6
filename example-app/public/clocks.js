// Counts the clocks down. It is given numbers only: when each ends and what time the server had.
const clocks = [...document.querySelectorAll('[data-ends-at]')]
const behind = Number(document.body.dataset.now) - Date.now() / 1000

function tick() {
  for (const clock of clocks) {
    const left = Math.max(0, Math.round(clock.dataset.endsAt - Date.now() / 1000 - behind))
    clock.querySelector('time').textContent = left === 0 ? 'over' : inWords(left)
    clock.querySelector('progress').value = left
  }
}

function inWords(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return parts.map((part, index) => (index === 0 ? part : String(part).padStart(2, '0'))).join(':')
}

tick()
setInterval(tick, 1000)
