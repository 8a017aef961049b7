export default {
  progress: { of: '{done} / {total} 个任务', jobs: '尚无任务完成 | 完成 {count} 个任务 | 完成 {count} 个任务', failed: '{count} 个失败' },
  eta: {
    unknown: '首个任务完成后可知',
    now: '即将完成',
    at: '约 {time}',
    left: '剩余 {time}',
    how: '首个任务完成后才能估计结束时间。',
  },
  pause: {
    action: '暂停',
    resume: '继续',
    withdraw: '撤回暂停',
    explain: '脚本会在下一个检查点保存后退出，继续时从该处接着运行。',
    byHand: '该主机上没有你的代理：批次页面说明了如何手动继续。',
  },
  stop: {
    action: '停止',
    title: '停止这个批次？',
    explain: '脚本会被要求退出训练循环。已完成的任务和已上报的数据都会保留，正在运行的任务会提前结束。',
    stopping: '停止中：脚本会在下次检查时退出循环，通常在 10 秒内。',
  },
}
