export default {
  columns: { status: '状态', job: '任务', model: '模型', dataset: '数据集', epoch: '轮次', loss: '损失', started: '开始', elapsed: '用时' },
  idle: 'GPU 空闲',
  answer: { epoch: '第 {epoch} 轮', noEpoch: '尚无轮次', left: '约剩 {time}' },
  trend: { better: '{metric} 在改善', worse: '{metric} 在上升', flat: '{metric} 平稳' },
  curves: { title: '曲线', empty: { title: '还没有数据点', hint: '首次调用 job.epoch() 后出现曲线，之后随每次调用更新。' } },
  metrics: { title: '最终指标' },
  details: { title: '详情', batch: '批次', model: '模型', dataset: '数据集', parameters: '参数量', memory: '显存峰值', batchTime: '每个训练批耗时', started: '开始', ended: '结束' },
  failure: { title: '任务失败', unknown: '脚本没有给出原因，日志末尾或许能说明。', lines: '最后的错误行', after: '运行 {time} 后' },
  environment: '环境',
  gone: { title: '找不到这个任务', hint: '它已被删除，或所属批次没有共享给你。' },
  empty: { title: '还没有任务', hint: '脚本启动任务后会出现在这里。' },
}
