import { claim } from 'express-oidc'
import { guarded } from '../guard.js'

export const getServerSideProps = guarded(() => ({ props: {} }), claim('dept', 'hr'))

export default function HumanResources() {
  return 'for human resources only'
}
