// Sending something once: whether it is on its way, whether it was done, and what the server said against it.
import { ref, type Ref } from 'vue'
import { asApiError } from '@/api/errors'
import { useErrorText } from '@/shared/i18n/useErrorText'

export interface Attempt {
  busy: Ref<boolean>
  done: Ref<boolean>
  problem: Ref<string>
  /** Runs `send`; true when it went well. A refusal ends up in `problem`, as text for people. */
  attempt: (send: () => Promise<unknown>) => Promise<boolean>
}

export function useAttempt(): Attempt {
  const errorText = useErrorText()
  const busy = ref(false)
  const done = ref(false)
  const problem = ref('')

  async function attempt(send: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    problem.value = ''
    try {
      await send()
      done.value = true
      return true
    } catch (cause) {
      problem.value = errorText(asApiError(cause))
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, done, problem, attempt }
}
