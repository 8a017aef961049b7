export { default as StudyTable } from './components/StudyTable.vue'
export { listStudies, type StudySummary } from './api'
