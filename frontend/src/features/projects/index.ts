export { listProjects } from './api'
export type { ProjectDetail, ProjectSummary } from './api'
