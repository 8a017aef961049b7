import { defineAsyncComponent } from 'vue'

/** A project's matrix: `<ProjectMatrix :project />`. */
export const ProjectMatrix = defineAsyncComponent(() => import('./components/ProjectMatrix.vue'))
/** A project's leaderboard with the trend of its best: `<Leaderboard :project />`. */
export const Leaderboard = defineAsyncComponent(() => import('./components/LeaderboardPanel.vue'))
/** A batch's matrix: `<BatchMatrix :batch-id :project :jobs :loading />`. */
export const BatchMatrix = defineAsyncComponent(() => import('./components/BatchMatrix.vue'))
