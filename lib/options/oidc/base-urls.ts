import * as v from 'valibot'

const missing =
  'must have "baseUrl", this application\'s own URL, such as https://app.example.com, or several as "baseUrls": both are missing'

/** The rule that the base URL is given once. A missing one is reported along with other missing options. */
export function hasBaseUrl<Options extends { readonly baseUrl?: unknown; readonly baseUrls?: unknown }>() {
  return v.rawCheck<Options>(({ dataset, addIssue }) => {
    const flaw = flawOf(dataset.value, dataset.typed)
    if (flaw !== undefined) addIssue({ message: flaw })
  })
}

function flawOf(options: unknown, isTyped: boolean): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  const [url, urls]: readonly unknown[] = ['baseUrl', 'baseUrls'].map((name): unknown => Reflect.get(options, name))
  if (url === undefined && urls === undefined) return missing
  if (!isTyped || (typeof url === 'string') !== (urls !== undefined)) return undefined
  return typeof url === 'function'
    ? 'must have "baseUrls" together with a function as "baseUrl": they list what it may return'
    : 'must have exactly one of "baseUrl" and "baseUrls"'
}
