import { asyncPanel } from '@/shared/ui'

export { useHostAgent, useLatestCommand } from './composables'
export const BatchCommands = asyncPanel(() => import('./components/BatchCommands.vue'))
