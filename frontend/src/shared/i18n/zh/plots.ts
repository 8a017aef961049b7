export default {
  menu: '保存 {name}',
  save: { png: '保存为 PNG', svg: '保存为 SVG', csv: '保存为 CSV' },
  nothing: '暂时没有可绘制的内容。',
  table: '以表格查看数值',
  tableOf: '{name} 的数值',
  some: '显示前 {shown} 行，共 {all} 行；文件中包含全部。',
}
