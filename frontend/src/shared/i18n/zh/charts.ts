export default {
  log: '对数轴',
  smoothing: '平滑',
  off: '关闭',
  epoch: '第 {epoch} 轮',
  curve: '{name} 的曲线',
}
