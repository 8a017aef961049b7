export default {
  setting: 'Setting',
  missing: 'not set',
  addedLines: 'no line added | {count} line added | {count} lines added',
  removedLines: 'no line removed | {count} line removed | {count} lines removed',
  folded: 'nothing folded | {count} equal line | {count} equal lines',
  changes: { added: 'added', removed: 'removed', changed: 'changed', same: 'the same' },
}
