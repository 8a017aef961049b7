import { asyncPanel } from '@/shared/ui'

/** Only where nothing has run yet: other pages of lists need not wait for it. */
export const FirstSteps = asyncPanel(() => import('./components/FirstSteps.vue'), { lines: 6, height: 56 })
/** Fills a token into lines to paste: `<MintInPlace v-model="token" :name />`. */
export { default as MintInPlace } from './components/MintInPlace.vue'
export { agentSnippet } from './snippet'

export const TokensPanel = asyncPanel(() => import('./components/TokensPanel.vue'))
