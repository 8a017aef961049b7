// The preview of an artifact as an address that an image can show. It is fetched, not linked: the session's token is in
// a header. The bytes are let go with the component.
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { readPreview, type Artifact, type PreviewSize } from '../api'
import { kindOf } from '../files'

export interface Preview {
  url: Ref<string | null>
  failed: Ref<boolean>
}

export function usePreview(file: () => Artifact | null, size: PreviewSize, enabled: () => boolean = () => true): Preview {
  const url = ref<string | null>(null)
  const failed = ref(false)
  let turn = 0

  function release(): void {
    turn += 1
    if (url.value) URL.revokeObjectURL(url.value)
    url.value = null
  }

  watch(
    [() => file()?.id, enabled],
    async () => {
      release()
      failed.value = false
      const wanted = file()
      if (!wanted || !enabled() || kindOf(wanted) !== 'picture') return
      const mine = turn
      try {
        const picture = await readPreview(wanted.id, size)
        if (mine === turn) url.value = URL.createObjectURL(picture)
      } catch {
        // A damaged picture, or one that is gone: its icon stays, and a download says what is wrong.
        if (mine === turn) failed.value = true
      }
    },
    { immediate: true },
  )
  onScopeDispose(release)
  return { url, failed }
}
