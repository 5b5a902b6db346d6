/** What a provider may be told to show (OpenID Connect Core section 3.1.2.1, Initiating User Registration 1.0). */
export type Prompt = 'none' | 'login' | 'consent' | 'select_account' | 'create'

/** Every {@link Prompt}. */
export const prompts: readonly string[] = [
  'none',
  'login',
  'consent',
  'select_account',
  'create',
] satisfies readonly Prompt[]

/** Whether a text is a {@link Prompt}. */
export function isPrompt(text: string): text is Prompt {
  return prompts.includes(text)
}
