export function notesOf(changelog: string, version: string): string
export function versionOf(tag: string, manifest: { readonly version: string }): string
export function billOfMaterials(): string
export function writeRelease(tag: string, folder: string): void
