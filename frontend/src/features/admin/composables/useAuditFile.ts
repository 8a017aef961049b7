// The audit log as a file: fetched with the session's header, then handed to the browser under its name.
import { ref, type Ref } from 'vue'
import { useAttempt, type Attempt } from '@/shared/composables/useAttempt'
import { exportAudit, verifyAudit, type AuditQuery, type ExportFormat } from '../api'

const ENDINGS: Record<ExportFormat, string> = { csv: 'csv', jsonl: 'jsonl', syslog: 'log' }

export function useAuditFile(): Attempt & { save: (query: AuditQuery, format: ExportFormat) => Promise<boolean> } {
  const sending = useAttempt()
  return {
    ...sending,
    save: (query, format) =>
      sending.attempt(async () => {
        const url = URL.createObjectURL(await exportAudit(query, format))
        const link = document.createElement('a')
        link.href = url
        link.download = `argus-audit-${new Date().toISOString().slice(0, 10)}.${ENDINGS[format]}`
        link.click()
        URL.revokeObjectURL(url)
      }),
  }
}

export interface Verified {
  whole: boolean
  broken: number | null
  checked: number
}

/** Walks along the whole chain, portion by portion; `checked` counts on meanwhile. */
export function useVerification(): Attempt & { checked: Ref<number>; found: Ref<Verified | null>; verify: () => Promise<boolean> } {
  const walking = useAttempt()
  const checked = ref(0)
  const found = ref<Verified | null>(null)
  return {
    ...walking,
    checked,
    found,
    verify: () =>
      walking.attempt(async () => {
        checked.value = 0
        found.value = null
        for (let after: number | null = 0; after !== null; ) {
          const part: Awaited<ReturnType<typeof verifyAudit>> = await verifyAudit(after)
          checked.value += part.checked
          after = part.next_after
          if (after === null) found.value = { whole: part.whole, broken: part.first_broken, checked: checked.value }
        }
      }),
  }
}
