// A template in the editor: its texts, the mail that they make a moment after each change, saving and taking back.
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { asApiError } from '@/api/errors'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { previewTemplate, resetTemplate, saveTemplate, type MailPreviewed, type MailTemplateDetail, type MailTexts } from './api'
import { isSame, mistakeOf, textsOf, type Mistake } from './editing'

const REST_MS = 400

export function useDraft(template: MailTemplateDetail) {
  const errorText = useErrorText()
  const known = shallowRef(template)
  const texts = ref<MailTexts>(textsOf(template))
  const seen = shallowRef<MailPreviewed | null>(null)
  const mistake = shallowRef<Mistake | null>(null)
  const problem = ref('')
  const busy = ref(false)
  const changed = computed(() => !isSame(texts.value, known.value))
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  function refused(cause: unknown): void {
    const error = asApiError(cause)
    mistake.value = mistakeOf(error)
    problem.value = mistake.value ? '' : errorText(error)
  }

  async function look(): Promise<void> {
    const mine = ++turn
    try {
      const mail = await previewTemplate(template.id, { ...texts.value })
      if (mine !== turn) return
      seen.value = mail
      mistake.value = null
      problem.value = ''
    } catch (cause) {
      if (mine === turn) refused(cause)
    }
  }

  async function send(ask: () => Promise<MailTemplateDetail>): Promise<boolean> {
    busy.value = true
    try {
      known.value = await ask()
      texts.value = textsOf(known.value)
      return true
    } catch (cause) {
      refused(cause)
      return false
    } finally {
      busy.value = false
    }
  }

  watch(
    texts,
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void look(), REST_MS)
    },
    { deep: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  void look()

  const save = (): Promise<boolean> => send(() => saveTemplate(template.id, { ...texts.value }))
  const reset = (): Promise<boolean> => send(() => resetTemplate(template.id))
  return { known, texts, seen, mistake, problem, busy, changed, save, reset }
}
