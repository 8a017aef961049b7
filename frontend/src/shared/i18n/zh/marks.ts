export default {
  star: '加星标',
  unstar: '取消星标',
  pin: '固定以便比较',
  unpin: '取消固定',
  full: '已固定 {count} 个批次，再多就难以一眼比较。请先取消一个。',
  pinned: '已固定：{count} / {most}',
}
