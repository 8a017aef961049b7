export default {
  title: '搜索',
  answer: '没有找到“{text}” | “{text}”的 {count} 个结果 | “{text}”的 {count} 个结果',
  placeholder: '项目、批次、任务、主机、研究',
  kinds: { project: '项目', batch: '批次', job: '任务', host: '主机', study: '研究' },
  empty: { title: '你在找什么？', hint: '名称或其中一部分：项目、批次、任务（及其模型和数据集）、主机、研究。' },
  nothing: '没有找到“{text}”',
  nothingHint: '最新的任务按名称的任意部分查找，较早的按名称开头查找。',
  inJobs: '在全部任务中查找',
  more: '显示更多',
}
