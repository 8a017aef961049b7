// Kinds of notifications in the reader's words; one that this page does not know yet is shown by its name.
import { useI18n } from 'vue-i18n'

export function useKindText(): { kindText: (kind: string) => string; kindHint: (kind: string) => string } {
  const { t, te } = useI18n()
  return {
    kindText: (kind) => (te(`kinds.label.${kind}`) ? t(`kinds.label.${kind}`) : kind),
    kindHint: (kind) => (te(`kinds.hint.${kind}`) ? t(`kinds.hint.${kind}`) : ''),
  }
}
