// Which files the page at an address needs: a build writes the table of them into index.html (scripts/vite/earlyPages.ts).

export interface EarlyPages {
  /** The file that the app starts with. */
  app: string
  files: readonly string[]
  pages: readonly EarlyPage[]
}

export interface EarlyPage {
  /** A regular expression for the path. */
  path: string
  /** Places in `files`. */
  needs: readonly number[]
  /** By language: what is said on it. */
  words: Readonly<Record<string, readonly number[]>>
  /** By `?tab=`: what that needs besides. The first one is open where the address names none. */
  tabs: Readonly<Record<string, readonly number[]>>
}

export function filesOf({ files, pages }: EarlyPages, path: string, tab: string | null, language: string): string[] {
  const page = pages.find((one) => new RegExp(`^${one.path}$`).test(path))
  if (!page) return []
  const open = page.tabs[tab ?? ''] ?? Object.values(page.tabs)[0] ?? []
  return [...new Set([...page.needs, ...(page.words[language] ?? []), ...open])].map((place) => files[place] ?? '').filter(Boolean)
}
