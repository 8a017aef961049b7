export default {
  setting: 'Setting',
  missing: 'not set',
  addedLines: 'No line added | {count} line added | {count} lines added',
  removedLines: 'No line removed | {count} line removed | {count} lines removed',
  folded: 'Nothing folded | {count} equal line | {count} equal lines',
  changes: { added: 'added', removed: 'removed', changed: 'changed', same: 'the same' },
}
