// Saving a file: fetched with the session's token, then handed to the browser under its name.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { saveFile } from '@/shared/browser/save'
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
      saveFile(await readFile(file.id), shortName(file.filename))
    } catch (cause) {
      error.value = asApiError(cause)
    }
    busy.value = false
  }

  return { busy, error, save }
}
