// Presses the button when the clock is over, and one second later: the token's last second is a good one.
const clock = document.querySelector('#clock-token')
const behind = Number(document.body.dataset.now) - Date.now() / 1000
const left = clock.dataset.endsAt - Date.now() / 1000 - behind

setTimeout(() => document.querySelector('#run').click(), Math.max(0, left + 1) * 1000)
