/** Express 4 under its alias: for our calls the types of version 5 describe it too. */
declare module 'express4' {
  import type express from 'express'
  const create: typeof express
  export default create
}
