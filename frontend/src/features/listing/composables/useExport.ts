// Saves what a list finds as a file.
import { message } from 'ant-design-vue'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asApiError } from '@/api/errors'
import { saveFile } from '@/shared/browser/save'
import { useErrorText } from '@/shared/i18n/useErrorText'
import { exportAll, type ExportFormat, type Question } from '../api'
import { fileName, whereOfRows } from '../export'
import type { Row } from '../rows'
import type { Source } from '../where'

export function useExport(source: Source, question: () => Question) {
  const { t } = useI18n()
  const errorText = useErrorText()
  const busy = ref(false)

  async function save(format: ExportFormat, picked: readonly Row[] = []): Promise<void> {
    const where = picked.length > 0 ? whereOfRows(picked, source) : question().query
    if (where === null) {
      message.warning(t('listing.export.tooMany'))
      return
    }
    busy.value = true
    try {
      saveFile(await exportAll({ ...question(), query: where }, format), fileName(source, format, new Date().toISOString().slice(0, 10)))
    } catch (cause) {
      message.error(errorText(asApiError(cause)))
    } finally {
      busy.value = false
    }
  }

  return { busy, save }
}
