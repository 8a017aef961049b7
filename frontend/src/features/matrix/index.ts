import { asyncPanel } from '@/shared/ui'

/** A project's matrix: `<ProjectMatrix :project />`. */
export const ProjectMatrix = asyncPanel(() => import('./components/ProjectMatrix.vue'))
/** A project's leaderboard with the trend of its best: `<Leaderboard :project />`. */
export const Leaderboard = asyncPanel(() => import('./components/LeaderboardPanel.vue'))
/** A batch's matrix: `<BatchMatrix :batch-id :project :jobs :loading />`. */
export const BatchMatrix = asyncPanel(() => import('./components/BatchMatrix.vue'))
