// Where the reader is, from the route alone.
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, type RouteLocationRaw } from 'vue-router'
import { shortenMiddle } from '@/shared/i18n/format'

export interface Crumb {
  text: string
  to?: RouteLocationRaw
}

export function useBreadcrumb() {
  const route = useRoute()
  const { t } = useI18n()
  const param = (name: string): string => String(route.params[name] ?? '')

  return computed<Crumb[]>(() => {
    const batches = { text: t('shell.batches'), to: { name: 'batches' } }
    const batch = { text: shortenMiddle(param('batchId')), to: { name: 'batch', params: { batchId: param('batchId') } } }
    switch (route.name) {
      case 'batch':
        return [batches, { text: batch.text }]
      case 'job':
        return [batches, batch, { text: shortenMiddle(param('jobId')) }]
      case 'project':
        return [{ text: t('shell.projects'), to: { name: 'projects' } }, { text: param('project') }]
      case 'host':
        return [{ text: t('shell.hosts'), to: { name: 'hosts' } }, { text: param('host') }]
      case 'study':
        return [{ text: t('shell.studies'), to: { name: 'studies' } }, { text: param('study') }]
      default:
        return route.meta.title ? [{ text: t(route.meta.title) }] : []
    }
  })
}
