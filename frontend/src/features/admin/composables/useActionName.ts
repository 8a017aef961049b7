// What a line of the audit log says in the reader's language; a code of another version stays as it is.
import { useI18n } from 'vue-i18n'

export function useActionName(): (action: string) => string {
  const { t, te } = useI18n()
  return (action) => (te(`auditlog.actions.${action}`) ? t(`auditlog.actions.${action}`) : action)
}
