import { asyncPanel } from '@/shared/ui'

export const NotificationsPanel = asyncPanel(() => import('./NotificationsPanel.vue'))
/** How all deliveries fare, and what was given up. For administrators. */
export const DeliveriesPanel = asyncPanel(() => import('./deliveries/DeliveriesPanel.vue'))
/** Addresses and channels that hear of a project. */
export const ProjectHearers = asyncPanel(() => import('./recipients/ProjectHearers.vue'), { quiet: true })
/** What was sent about a batch. */
export const SentAbout = asyncPanel(() => import('./deliveries/SentAbout.vue'), { lines: 3 })
export { default as KindsField } from './kinds/KindsField.vue'
export { useKindText } from './kinds/useKindText'
