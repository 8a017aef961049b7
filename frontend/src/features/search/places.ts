// Where a thing that was found is.
import type { RouteLocationRaw } from 'vue-router'
import type { SearchItem } from './api'

export function placeOf(item: SearchItem): RouteLocationRaw {
  switch (item.kind) {
    case 'project':
      return { name: 'project', params: { project: item.id } }
    case 'batch':
      return { name: 'batch', params: { batchId: item.id } }
    case 'job':
      return { name: 'job', params: { batchId: item.batch_id ?? '', jobId: item.id } }
    case 'host':
      return { name: 'host', params: { host: item.id } }
    case 'study':
      return { path: `/studies/${encodeURIComponent(item.id)}` }
  }
}
