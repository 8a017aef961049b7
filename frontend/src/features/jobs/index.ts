export { default as JobTable } from './components/JobTable.vue'
