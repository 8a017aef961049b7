import { asyncPanel } from '@/shared/ui'

export { default as FirstSteps } from './components/FirstSteps.vue'
/** Fills a token into lines to paste: `<MintInPlace v-model="token" :name />`. */
export { default as MintInPlace } from './components/MintInPlace.vue'
export { agentSnippet } from './snippet'

export const TokensPanel = asyncPanel(() => import('./components/TokensPanel.vue'))
