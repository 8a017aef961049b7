export default {
  setting: '设置',
  missing: '未设置',
  addedLines: '没有新增行 | 新增 {count} 行 | 新增 {count} 行',
  removedLines: '没有删除行 | 删除 {count} 行 | 删除 {count} 行',
  folded: '没有折叠 | {count} 行相同 | {count} 行相同',
  changes: { added: '新增', removed: '移除', changed: '变更', same: '相同' },
}
