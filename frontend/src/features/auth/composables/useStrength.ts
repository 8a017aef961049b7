// What the server thinks of a password that is being typed: the same estimate by which it will take or refuse it.
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { asApiError } from '@/api/errors'
import { judgePassword, type Strength } from '../api'

const PAUSE_MS = 300
const SHORTEST = 4
const LONGEST = 256

export function useStrength(password: Ref<string>, about: () => { username?: string; email?: string }): ShallowRef<Strength | null> {
  const strength = shallowRef<Strength | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function ask(mine: number): Promise<void> {
    try {
      const found = await judgePassword(password.value, about())
      if (mine === turn) strength.value = found
    } catch (cause) {
      // Without an answer there is no meter; the server says its word when the form is sent.
      if (asApiError(cause).status === -1) throw cause
      if (mine === turn) strength.value = null
    }
  }

  watch([password, () => about().username, () => about().email], () => {
    clearTimeout(timer)
    const mine = ++turn
    if (password.value.length < SHORTEST || password.value.length > LONGEST) strength.value = null
    else timer = setTimeout(() => void ask(mine), PAUSE_MS)
  })
  onScopeDispose(() => {
    clearTimeout(timer)
    turn += 1
  })
  return strength
}
