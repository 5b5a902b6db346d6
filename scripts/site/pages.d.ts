export function writePages(root: string, folder: string): void
export function pathOnSite(path: string): string
export function sitePage(root: string, path: string, text: string): string
