export function bundleBrowserClient(): Promise<string>
