export default {
  answer: '没有任务 | {count} 个任务 | {count} 个任务',
  order: '最近开始的在前。',
  filter: { name: '列表筛选', search: '任务、模型、数据集', status: '状态', project: '项目', host: '主机', since: '开始于' },
  since: { '1h': '最近 1 小时', '24h': '最近 24 小时', '7d': '最近 7 天', '30d': '最近 30 天' },
  columns: { batch: '批次', project: '项目', host: '主机', result: '结果' },
  fresh: '{count} 个新任务 | {count} 个新任务 | {count} 个新任务',
  pages: '列表分页',
  empty: { title: '还没有任务上报', hint: '任务是批次中的一次训练。脚本启动它时会出现在这里。' },
  noMatch: { title: '没有匹配的任务', hint: '没有符合以上筛选条件的内容。' },
  beyond: { title: '列表没有这么多页', hint: '任务数量少于地址所请求的页。', back: '回到第一页' },
}
