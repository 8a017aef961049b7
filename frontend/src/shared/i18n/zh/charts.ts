export default {
  log: '对数轴',
  smoothing: '平滑',
  off: '关闭',
  epoch: '第 {epoch} 轮',
  curve: '{name} 的曲线',
  step: '第 {step} 步',
  resumed: '新一轮运行从此开始，{at}',
  bySteps: '按步数',
}
