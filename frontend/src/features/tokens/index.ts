import { asyncPanel } from '@/shared/ui'

export { default as FirstSteps } from './components/FirstSteps.vue'

export const TokensPanel = asyncPanel(() => import('./components/TokensPanel.vue'))
