import { defineAsyncComponent } from 'vue'
import { asyncPanel } from '@/shared/ui'

export const ShareDialog = defineAsyncComponent(() => import('./components/ShareDialog.vue'))
export const SharesPanel = asyncPanel(() => import('./components/SharesPanel.vue'))
