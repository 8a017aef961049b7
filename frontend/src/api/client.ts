// The typed HTTP client: adds the token and language, turns failures into ApiError, and where the server refuses the
// token tries once more with a new one.
import createClient, { type Middleware } from 'openapi-fetch'
import { takeAhead } from './ahead/answers'
import { asApiError, networkError, toApiError } from './errors'
import type { paths } from './schema.gen'
import { accessToken, endSession, freshToken, tokenAfter } from './session'
import { counted } from './traffic'
import { isVisiting } from './visitor'

let language = 'en-US'
export function setRequestLanguage(locale: string): void {
  language = locale
}

// These answer 401 for reasons other than a dead session: a wrong password, for one.
const KEEPS_SESSION = [/^POST \/api\/auth\/(login|register|change-password|change-email)$/, /^DELETE \/api\/auth\/me$/]

// What was sent, to send it once more: a body can be read only once.
const copies = new Map<string, Request>()

const identity: Middleware = {
  async onRequest({ request, id }) {
    const token = isVisiting() ? null : await freshToken()
    if (token) {
      request.headers.set('Authorization', `Bearer ${token}`)
      copies.set(id, request.clone())
    }
    request.headers.set('Accept-Language', language)
    return request
  },
  async onResponse({ request, response, schemaPath, id }) {
    const copy = copies.get(id)
    copies.delete(id)
    if (response.status !== 401 || isVisiting() || KEEPS_SESSION.some((pattern) => pattern.test(`${request.method} ${schemaPath}`))) return undefined
    const used = request.headers.get('Authorization')?.slice('Bearer '.length) ?? null
    const newer = await tokenAfter(used)
    if (newer && copy) {
      const again = new Request(copy, { headers: new Headers(request.headers) })
      again.headers.set('Authorization', `Bearer ${newer}`)
      return fetch(again)
    }
    if (used === null && accessToken() === null) endSession()
    return undefined
  },
  onError({ error, id }) {
    copies.delete(id)
    return error instanceof DOMException && error.name === 'AbortError' ? undefined : networkError(error)
  },
}

export const client = createClient<paths>({ baseUrl: window.location.origin, fetch: (request) => counted(takeAhead(request) ?? fetch(request)) })
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
