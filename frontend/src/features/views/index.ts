export type { SavedView, ViewPage } from './api'
export { default as ViewPicker } from './components/ViewPicker.vue'
