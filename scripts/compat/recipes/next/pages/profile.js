import { guarded } from '../guard.js'

export const getServerSideProps = guarded(({ req }) => ({ props: { sub: req.auth.subject } }))

export default function Profile({ sub }) {
  return `sub: ${sub}`
}
