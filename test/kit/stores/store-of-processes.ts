import expressSession from 'express-session'

/** A store of express-session that several processes could share, as connect-redis is one: a test may look into it. */
export class StoreOfProcesses extends expressSession.Store {
  /** Where the sessions are. */
  readonly inner = new expressSession.MemoryStore()

  get: expressSession.Store['get'] = (...call) => this.inner.get(...call)
  set: expressSession.Store['set'] = (...call) => this.inner.set(...call)
  destroy: expressSession.Store['destroy'] = (...call) => this.inner.destroy(...call)
}
