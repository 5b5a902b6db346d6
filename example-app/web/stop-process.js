import express from 'express'

/**
 * `POST /stop-process` (`pid`): ends the process that answered, to see what becomes of sessions. A demo may; nothing else should.
 *
 * @param {import('./pages.js').Processes} processes
 * @returns {import('express').RequestHandler[]}
 */
export function stopProcess(processes) {
  return [
    express.urlencoded({ extended: false, limit: '1kb' }),
    (req, res, next) => {
      const running = processes.running()
      const pid = Number(req.body?.pid)
      if (!running.includes(pid) || running.length < 2) {
        const message = 'That process is gone already, or it is the last one.'
        next(Object.assign(new Error(message), { status: 409, code: 'not_running', expose: true }))
        return
      }
      // It may be this very process: first the answer, then the end.
      res.once('finish', () => processes.stop(pid))
      res.redirect(303, '/')
    },
  ]
}
