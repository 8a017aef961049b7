export { parseAnsi, plainText } from './ansi'
export { default as LogViewer } from './components/LogViewer.vue'
