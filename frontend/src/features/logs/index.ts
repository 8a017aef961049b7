import { asyncPanel } from '@/shared/ui'

export { parseAnsi, plainText } from './ansi'

export const LogViewer = asyncPanel(() => import('./components/LogViewer.vue'))
