export { useHostAgent } from './composables'
