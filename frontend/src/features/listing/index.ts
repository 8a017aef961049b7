export { default as ListPage } from './components/ListPage.vue'
export { whereOf, type Source } from './where'
