import { asyncPanel } from '@/shared/ui'

export const NotificationsPanel = asyncPanel(() => import('./NotificationsPanel.vue'))
/** How all deliveries fare, and what was given up. For administrators. */
export const DeliveriesPanel = asyncPanel(() => import('./deliveries/DeliveriesPanel.vue'))
/** Through which server mails leave, and what they say. For administrators. */
export const MailServerPanel = asyncPanel(() => import('./smtp/MailServerPanel.vue'))
export const TemplatesPanel = asyncPanel(() => import('./templates/TemplatesPanel.vue'))
/** Addresses and channels that hear of a project. */
export const ProjectHearers = asyncPanel(() => import('./recipients/ProjectHearers.vue'), { quiet: true })
/** What was sent about a batch. */
export const SentAbout = asyncPanel(() => import('./deliveries/SentAbout.vue'), { lines: 3 })
export { default as KindsField } from './kinds/KindsField.vue'
export { addMute, liftMute, silenceKind } from './kinds/inInbox'
export { default as SeverityIcon } from './kinds/SeverityIcon.vue'
export { useKindText } from './kinds/useKindText'
