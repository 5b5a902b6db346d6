export function externalLinks(text: string): string[]
export function deadLinks(
  urls: readonly string[],
  options?: { fetch?: typeof fetch; seconds?: number; atOnce?: number },
): Promise<{ url: string; why: string }[]>
