export { default as FirstSteps } from './components/FirstSteps.vue'
export { default as TokensPanel } from './components/TokensPanel.vue'
