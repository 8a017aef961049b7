import { defineAsyncComponent } from 'vue'

/** Publishing a project, for administrators, in its settings: `<PublishPanel :project />`. */
export const PublishPanel = defineAsyncComponent(() => import('./components/PublishPanel.vue'))
