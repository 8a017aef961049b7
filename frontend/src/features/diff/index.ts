export { diffLines, diffPieces, diffWords, foldSame, words, type DiffPiece } from './lines'
export { diffPackages, packageRows, parsePackage, type PackageRow } from './packages'
export { parsePatch, type PatchFile, type PatchHunk, type PatchLine } from './patch'
export { allRows, diffRows, flatten, shownValue, type DiffRow, type Side } from './rows'
