export type { ProjectDetail, ProjectSummary } from './api'
