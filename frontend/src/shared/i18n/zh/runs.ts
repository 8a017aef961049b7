export default {
  progress: { of: '{done} / {total} 个任务', jobs: '尚无任务完成 | 完成 {count} 个任务 | 完成 {count} 个任务', failed: '{count} 个失败' },
  eta: {
    unknown: '首个任务完成后可知',
    now: '即将完成',
    at: '约 {time}',
    left: '剩余 {time}',
    how: '首个任务完成后才能估计结束时间。',
  },
  stop: {
    action: '停止',
    title: '停止这个批次？',
    explain: '脚本会被要求退出训练循环。已完成的任务和已上报的数据都会保留，正在运行的任务会提前结束。',
    stopping: '停止中：脚本会在下次检查时退出循环，通常在 10 秒内。',
  },
}
