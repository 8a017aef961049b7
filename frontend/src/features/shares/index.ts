export { default as ShareDialog } from './components/ShareDialog.vue'
export { default as SharesPanel } from './components/SharesPanel.vue'
