// The typed HTTP client: adds the token and language, turns failures into ApiError, and ends a session that the
// server no longer accepts.
import createClient, { type Middleware } from 'openapi-fetch'
import { asApiError, networkError, toApiError } from './errors'
import type { paths } from './schema.gen'
import { accessToken, endSession, newerToken } from './session'

let language = 'en-US'
export function setRequestLanguage(locale: string): void {
  language = locale
}

// These answer 401 for reasons other than a dead session: a wrong password, for one.
const KEEPS_SESSION = [/^\/api\/auth\/(login|register|change-password|change-email)$/]

const identity: Middleware = {
  onRequest({ request }) {
    const token = accessToken()
    if (token) request.headers.set('Authorization', `Bearer ${token}`)
    request.headers.set('Accept-Language', language)
    return request
  },
  async onResponse({ request, response, schemaPath }) {
    if (response.status !== 401 || KEEPS_SESSION.some((pattern) => pattern.test(schemaPath))) return undefined
    const used = request.headers.get('Authorization')?.slice('Bearer '.length) ?? null
    const newer = newerToken(used)
    if (newer && (request.method === 'GET' || request.method === 'HEAD')) {
      const again = new Request(request, { headers: new Headers(request.headers) })
      again.headers.set('Authorization', `Bearer ${newer}`)
      return fetch(again)
    }
    if (used === accessToken()) endSession()
    return undefined
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === 'AbortError' ? undefined : networkError(error)
  },
}

export const client = createClient<paths>({ baseUrl: window.location.origin, fetch: (request) => fetch(request) })
client.use(identity)

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of a successful answer; throws ApiError otherwise. */
export async function ok<T>(answer: Promise<Answer<T>>): Promise<T> {
  let settled: Answer<T>
  try {
    settled = await answer
  } catch (cause) {
    throw asApiError(cause)
  }
  if (!settled.response.ok) throw toApiError(settled.response, settled.error)
  return settled.data as T
}
