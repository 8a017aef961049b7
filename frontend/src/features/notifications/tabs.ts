// The tabs of Settings > Notifications, in their order; each is named by `notifications.tabs.<key>`.
import { asyncPanel } from '@/shared/ui'

export const NOTIFICATION_TABS = {
  kinds: asyncPanel(() => import('./kinds/KindsPanel.vue')),
  channels: asyncPanel(() => import('./channels/ChannelsPanel.vue')),
  rules: asyncPanel(() => import('./rules/RulesPanel.vue')),
  digest: asyncPanel(() => import('./digest/DigestPanel.vue')),
}
