export { default as ArtifactGallery } from './components/ArtifactGallery.vue'
// Under the name that the batch's page knows.
export { default as ArtifactList } from './components/ArtifactGallery.vue'
