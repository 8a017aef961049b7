// What the page at an address reads first, and what it follows: asked for while its code is on the way. Each is what the
// page itself asks for, word for word; what is missing here, or is no more asked for, costs time and nothing else.

export interface Needs {
  channels: readonly string[]
  reads: readonly string[]
}

type Finder = (parts: readonly string[], query: URLSearchParams) => Needs

const MINE = 'inbox'

const FINDERS: readonly (readonly [RegExp, Finder])[] = [
  [
    /^\/$/,
    (_, query) => {
      const scope = query.get('scope') ?? 'all'
      const ask = (path: string, more: Record<string, string>): string => `${path}?${new URLSearchParams(more).toString()}`
      return {
        channels: ['visible', MINE],
        reads: [
          ask('/api/dashboard', { scope }),
          ask('/api/batches/compact', { status: 'running', limit: '20', scope, resource_limit: '1' }),
          '/api/batches?limit=1',
          ask('/api/attention', { scope }),
          '/api/jobs?status=done&page_size=8',
        ],
      }
    },
  ],
  [
    /^\/batches\/([^/]+)$/,
    ([id = '']) => {
      const batch = `/api/batches/${encodeURIComponent(id)}`
      return { channels: [`batch:${id}`, MINE], reads: [batch, `${batch}/jobs`, `${batch}/epochs/latest`] }
    },
  ],
  [
    /^\/batches\/([^/]+)\/jobs\/([^/]+)$/,
    ([id = '', name = '']) => {
      const job = `/api/jobs/${encodeURIComponent(id)}/${encodeURIComponent(name)}`
      const channels = id.includes(':') ? [`batch:${id}`] : [`job:${id}:${name}`, 'visible']
      return { channels: [...channels, MINE], reads: [job, `/api/batches/${encodeURIComponent(id)}`, `${job}/timeline`, `${job}/neighbours`] }
    },
  ],
  // What these read depends on more than the address; all that happens is heard from the moment that they ask.
  [/^\/(?:batches|jobs|agents|(?:projects|studies|hosts)(?:\/[^/]+)?)$/, () => ({ channels: ['visible', MINE], reads: [] })],
  [/^\/(?:inbox|search|trash|settings(?:\/.+)?|admin(?:\/.+)?|compare)$/, () => ({ channels: [MINE], reads: [] })],
]

export function needsOf(path: string, query: URLSearchParams): Needs | null {
  for (const [pattern, find] of FINDERS) {
    const found = pattern.exec(path)
    if (found) return find(found.slice(1).map(plain), query)
  }
  return null
}

/** A part of an address as it is meant; one that cannot be read is nobody's name. */
function plain(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
