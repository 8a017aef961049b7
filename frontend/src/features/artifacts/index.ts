import { asyncPanel } from '@/shared/ui'

export const ArtifactGallery = asyncPanel(() => import('./components/ArtifactGallery.vue'))
/** The same beside other things, where it may turn out that there are none to show. */
export const ArtifactGlance = asyncPanel(() => import('./components/ArtifactGallery.vue'), { quiet: true })
