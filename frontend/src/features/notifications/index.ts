import { asyncPanel } from '@/shared/ui'

export const NotificationsPanel = asyncPanel(() => import('./NotificationsPanel.vue'))
export { useKindText } from './kinds/useKindText'
