// What is needed to show a file: the beginning of a text, or an address of the bytes that the browser can play.
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { readBeginning, readFile, type Artifact } from '../api'
import { kindOf, TEXT_BYTES } from '../files'

const TEXTS = new Set(['table', 'json', 'text', 'page'])

export function useContent(file: () => Artifact | null) {
  const text = ref<string | null>(null)
  const url = ref<string | null>(null)
  const error = shallowRef<ApiError | null>(null)
  let turn = 0

  function release(): void {
    turn += 1
    if (url.value) URL.revokeObjectURL(url.value)
    url.value = null
    text.value = null
    error.value = null
  }

  watch(
    () => file()?.id,
    async () => {
      release()
      const wanted = file()
      if (!wanted) return
      const mine = turn
      const kind = kindOf(wanted)
      try {
        if (TEXTS.has(kind)) {
          const read = wanted.size_bytes === 0 ? '' : await (await readBeginning(wanted.id, TEXT_BYTES)).text()
          if (mine === turn) text.value = read
        } else if (kind === 'audio' || kind === 'video') {
          const bytes = await readFile(wanted.id)
          if (mine === turn) url.value = URL.createObjectURL(new Blob([bytes], { type: wanted.mime }))
        }
      } catch (cause) {
        if (mine === turn) error.value = asApiError(cause)
      }
    },
    { immediate: true },
  )
  onScopeDispose(release)
  return { text, url, error }
}
