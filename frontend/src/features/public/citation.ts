// How others name a public page in a paper: a BibTeX entry. Pure.
export interface Cited {
  /** What it is, for its title. */
  title: string
  project: string
  author: string | null
  /** When it was published or ended, in milliseconds since 1970. */
  at: number | null
  url: string
}

const SPECIAL = /[\\{}$&#^_~%]/g
const escaped = (text: string): string => text.replace(SPECIAL, (sign) => (sign === '\\' ? '\\textbackslash{}' : sign === '^' || sign === '~' ? `\\${sign}{}` : `\\${sign}`))

/** Letters and digits alone, so that every program takes it. */
const keyOf = ({ author, project, title, at }: Cited): string =>
  [author, project, title, at === null ? null : new Date(at).getUTCFullYear()]
    .filter((part) => part !== null)
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

export function bibtex(cited: Cited, now: number): string {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
  const fields: [string, string | null][] = [
    ['title', `{${escaped(cited.title)}}`],
    ['author', cited.author === null ? null : escaped(cited.author)],
    ['year', cited.at === null ? null : String(new Date(cited.at).getUTCFullYear())],
    ['howpublished', `\\url{${cited.url}}`],
    ['note', `Project ${escaped(cited.project)}, recorded with Argus, accessed ${day(now)}`],
  ]
  const lines = fields.filter(([, value]) => value !== null).map(([name, value]) => `  ${name} = {${value}}`)
  return `@misc{${keyOf(cited)},\n${lines.join(',\n')}\n}`
}
