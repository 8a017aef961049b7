import { useI18n } from 'vue-i18n'

/** Why signing in elsewhere failed, for people; a word that we do not know becomes a plain sentence. */
export function useReason(): (reason: string) => string {
  const { t, te } = useI18n()
  return (reason) => (/^[a-z_]+$/.test(reason) && te(`identity.reasons.${reason}`) ? t(`identity.reasons.${reason}`) : t('identity.reasons.unknown'))
}
