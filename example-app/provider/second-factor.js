import { base, Check } from 'oidc-provider/lib/helpers/interaction_policy/index.js'

/** The `acr` of a login with a second factor. */
export const secondFactor = 'urn:example:second-factor'

const reason = 'second_factor'

/**
 * oidc-provider's rules for when to ask, and one more: for the second factor, if the application asks for it and the session at
 * the provider has not had it yet. A person who is not signed in at all is asked for the name first.
 */
export function interactionPolicy() {
  const policy = base()
  policy.get('login').checks.add(
    new Check(reason, 'The application asks for a second factor', ({ oidc }) => {
      const isAsked = oidc.params.acr_values?.split(' ').includes(secondFactor) === true
      return isAsked && oidc.acr !== secondFactor ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}

/**
 * Whether the second factor is all that is missing.
 *
 * @param {readonly string[]} reasons Of the prompt.
 */
export function isSecondStep(reasons) {
  return reasons.length === 1 && reasons[0] === reason
}
