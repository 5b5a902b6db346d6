const time = (at) => new Date(at).toISOString().slice(11, 23)

/** Prints what happened, and returns the code to end with. */
export function report(tally, log) {
  const { lost, unanswered, unwritten, reuse, refreshes } = tally.judge(log)
  console.log('Answers and events:')
  console.log(tally.lines().join('\n'))
  console.log(`\nRefresh tokens spent: ${refreshes}; reused: ${reuse}`)
  console.log(`\nDisturbances: ${tally.disturbances.length}`)
  tally.disturbances.forEach(({ what, from, to }, index) => {
    console.log(`  ${String(index + 1).padStart(4)}  ${what}, ${time(from)} to ${time(to)}`)
  })
  const apart = [
    ['lost to an answer that the provider gave into a dead connection', unanswered],
    ['lost to a write that Redis did not take', unwritten],
  ]
  for (const [what, losses] of apart) {
    console.log(`\nSessions ${what}: ${losses.length}`)
    for (const { subject, at, seen, to } of losses)
      console.log(`  ${subject} at ${time(at)} (${seen}): ${to.number}, ${to.what}`)
  }
  const failures = {
    crashes: tally.crashes,
    'hung requests': tally.hung,
    'sessions lost': lost,
    "sessions that outlived their end, or were somebody else's": tally.undead,
  }
  console.log('')
  for (const [what, all] of Object.entries(failures)) {
    console.log(`${what}: ${all.length}`)
    for (const each of all) console.log(`  ${time(each.at)} ${JSON.stringify(each)}`)
  }
  const idle = [
    'logins',
    'ended by logout',
    'ended by back-channel logout',
    '/token 200',
    '/api 200',
    '/userinfo 200',
  ].filter((what) => tally.of(what) === 0)
  if (idle.length > 0) console.log(`Nothing was seen of: ${idle.join(', ')}`)
  const isClean = idle.length === 0 && refreshes > 0 && Object.values(failures).every((all) => all.length === 0)
  console.log(isClean ? '\nclean' : '\nFAILED')
  return isClean ? 0 : 1
}
