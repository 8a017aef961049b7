export { default as ArtifactList } from './components/ArtifactList.vue'
