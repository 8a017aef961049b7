export { useInboxStore } from './store'
