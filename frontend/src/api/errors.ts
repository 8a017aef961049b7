// Every failed call becomes one ApiError, whatever service or proxy answered.

interface Envelope {
  detail?: unknown
  error?: { code?: string; message?: string; details?: unknown; trace_id?: string }
}

export interface FieldProblem {
  field: string
  message: string
  type: string
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly traceId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
    readonly fields: readonly FieldProblem[] = [],
    /** Facts that the code alone does not tell, such as the place of a fault in a query. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** True when the request never reached a server that speaks for Argus. */
  get isOffline(): boolean {
    return this.status === 0
  }

  /** True when nobody answered who could: the connection was gone, or a gateway had no server behind it. */
  get isPassing(): boolean {
    return this.isOffline || [502, 503, 504].includes(this.status)
  }
}

/** Reads the 422 array of `{loc, msg, type}` into one problem per field. */
function fieldProblems(detail: unknown): FieldProblem[] {
  if (!Array.isArray(detail)) return []
  return detail.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return []
    const { loc, msg, type } = item as { loc?: unknown; msg?: unknown; type?: unknown }
    const field = Array.isArray(loc) ? String(loc[loc.length - 1] ?? '') : ''
    return [{ field, message: String(msg ?? ''), type: String(type ?? '') }]
  })
}

export function toApiError(response: Response, body: unknown): ApiError {
  const { detail, error } = (typeof body === 'object' && body !== null ? body : {}) as Envelope
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  const message = error?.message ?? (typeof detail === 'string' ? detail : response.statusText)
  return new ApiError(
    response.status,
    error?.code ?? `http.${response.status}`,
    message,
    error?.trace_id ?? null,
    Number.isNaN(retryAfter) ? null : retryAfter,
    fieldProblems(detail),
    typeof error?.details === 'object' && error.details !== null ? (error.details as Record<string, unknown>) : {},
  )
}

export function networkError(cause: unknown): ApiError {
  return new ApiError(0, 'network.unreachable', cause instanceof Error ? cause.message : String(cause))
}

/** Anything thrown, as an ApiError: a panel can then always say what happened. */
export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  if (cause instanceof TypeError && /fetch|network|load failed/i.test(cause.message)) return networkError(cause)
  return new ApiError(-1, 'app.unexpected', cause instanceof Error ? cause.message : String(cause))
}
