export interface SidebarItem {
  readonly text: string
  /** Path from docs/, without `.md`. */
  readonly page?: string
  readonly items?: readonly SidebarItem[]
}
export function sidebarOf(docs: string): SidebarItem[]
export function pagesOf(sidebar: readonly SidebarItem[]): string[]
