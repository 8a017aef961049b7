// What is wrong with a query, in the reader's language: the server names the reason and what it is about.
import { useI18n } from 'vue-i18n'
import type { ApiError } from '@/api/errors'

export function useRefusalText(): (error: ApiError) => string {
  const { t, te } = useI18n()
  return ({ details, message }) => {
    const reason = `listing.faults.${String(details.reason)}`
    if (!te(`${reason}.what`)) return message
    const facts = (details.facts ?? {}) as Record<string, string | number>
    const said = [`${reason}.what`, `${reason}.hint`].filter((key) => te(key)).map((key) => t(key, facts))
    return said.map((sentence) => (/[.?。？]$/.test(sentence) ? sentence : t('listing.sentence', { sentence }))).join(' ').replace(/([。？]) /g, '$1')
  }
}
