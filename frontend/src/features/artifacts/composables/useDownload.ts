// Saving a file: fetched with the session's token, then handed to the browser under its name.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { readFile, type Artifact } from '../api'
import { shortName } from '../files'

export interface Download {
  busy: Ref<boolean>
  error: ShallowRef<ApiError | null>
  save: (file: Artifact) => Promise<void>
}

export function useDownload(): Download {
  const busy = ref(false)
  const error = shallowRef<ApiError | null>(null)

  async function save(file: Artifact): Promise<void> {
    busy.value = true
    error.value = null
    try {
      const url = URL.createObjectURL(await readFile(file.id))
      const link = document.createElement('a')
      link.href = url
      link.download = shortName(file.filename)
      link.click()
      URL.revokeObjectURL(url)
    } catch (cause) {
      error.value = asApiError(cause)
    }
    busy.value = false
  }

  return { busy, error, save }
}
