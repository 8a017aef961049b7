export { searchEverything, type SearchItem, type SearchKind } from './api'
export { placeOf } from './places'
