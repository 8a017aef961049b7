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
  log: {
    title: '日志',
    count: '{shown} / {total} 行',
    level: '最低级别',
    search: '在日志中查找',
    follow: '跟随',
    empty: '还没有日志。用 job.log() 发送的内容会即时显示在这里。',
    noMatch: '没有匹配的行。',
    levels: { all: '全部级别', debug: '调试', info: '信息', warn: '警告', error: '错误' },
  },
}
