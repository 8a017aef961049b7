// All listed files as one archive, read one after the other; how many are done is shown meanwhile.
import { ref, shallowRef } from 'vue'
import { asApiError, type ApiError } from '@/api/errors'
import { saveFile } from '@/shared/browser/save'
import { readFile, type Artifact } from '../api'
import { totalBytes } from '../files'
import { zip, type ZipFile } from '../zip'

/** An archive is made in the browser's memory. */
export const MOST_BYTES = 1024 ** 3

export function useDownloadAll() {
  const done = ref<number | null>(null)
  const error = shallowRef<ApiError | null>(null)

  async function saveAll(files: readonly Artifact[], name: string): Promise<void> {
    done.value = 0
    error.value = null
    try {
      const read: ZipFile[] = []
      for (const file of files) {
        const content = new Uint8Array(await (await readFile(file.id)).arrayBuffer())
        read.push({ name: file.job_id === null ? file.filename : `${file.job_id}/${file.filename}`, content, at: new Date(file.created_at) })
        done.value += 1
      }
      saveFile(zip(read), name)
    } catch (cause) {
      error.value = asApiError(cause)
    }
    done.value = null
  }

  return { done, error, saveAll, fits: (files: readonly Artifact[]): boolean => totalBytes(files) <= MOST_BYTES }
}
