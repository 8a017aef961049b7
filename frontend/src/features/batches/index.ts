export { default as BatchTable } from './components/BatchTable.vue'
export { useBatchList } from './composables/useBatchList'
