export default {
  title: '文件',
  open: '放大查看 {name}',
  download: '保存 {name}',
  digest: '文件的 SHA-256',
  refresh: '查找新文件',
  more: '还有 {count} 个',
  none: {
    title: '还没有文件',
    hint: '训练上传的图表、模型和报告会列在这里。',
  },
}
