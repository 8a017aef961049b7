// Asks, a moment after the last stroke, what a draft would have said; a refusal of its condition comes with its place.
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import type { Rules, RuleTrial } from './api'
import { ruleOf, unready, type RuleDraft } from './draft'

const REST_MS = 400

export interface Trial {
  trial: ShallowRef<RuleTrial | null>
  /** What is wrong with the condition. */
  fault: ShallowRef<ApiError | null>
}

export function useTrial(draft: Ref<RuleDraft>, calls: () => Rules): Trial {
  const trial = shallowRef<RuleTrial | null>(null)
  const fault = shallowRef<ApiError | null>(null)
  let planned: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function ask(mine: number): Promise<void> {
    try {
      const answer = await calls().preview({ ...ruleOf(draft.value), name: draft.value.name.trim() || '…' })
      if (mine !== turn) return
      trial.value = answer
      fault.value = null
    } catch (cause) {
      if (mine !== turn) return
      const error = asApiError(cause)
      trial.value = null
      fault.value = error.code === 'query.invalid' ? error : null
    }
  }

  watch(draft, () => {
    clearTimeout(planned)
    const mine = ++turn
    if (unready(draft.value)) {
      trial.value = fault.value = null
      return
    }
    planned = setTimeout(() => void ask(mine), REST_MS)
  }, { deep: true, immediate: true })
  onScopeDispose(() => clearTimeout(planned))

  return { trial, fault }
}
