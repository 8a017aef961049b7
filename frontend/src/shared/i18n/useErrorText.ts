// What to tell a reader about a failed call: by its code where we know it, else by its status.
import { useI18n } from 'vue-i18n'
import type { ApiError } from '@/api/errors'

const BY_STATUS: Record<number, string> = {
  0: 'errors.offline',
  401: 'errors.signedOut',
  403: 'errors.forbidden',
  404: 'errors.notFound',
  409: 'errors.conflict',
  410: 'errors.notFound',
  422: 'errors.invalid',
  // What a gateway says for a service that is not there: nobody has noted anything.
  502: 'errors.unavailable',
  503: 'errors.unavailable',
  504: 'errors.unavailable',
}

export function useErrorText(): (error: ApiError) => string {
  const { t, te } = useI18n()
  return (error) => {
    const byCode = `errors.codes.${error.code}`
    if (te(byCode)) return t(byCode)
    if (error.status === 429) return t('errors.tooMany', { seconds: error.retryAfterSeconds ?? 30 })
    return t(BY_STATUS[error.status] ?? (error.status >= 500 ? 'errors.server' : 'errors.unexpected'))
  }
}
