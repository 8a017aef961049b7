export default {
  menu: 'Save {name}',
  save: { png: 'Save as PNG', svg: 'Save as SVG', csv: 'Save as CSV' },
  nothing: 'There is nothing to draw yet.',
  table: 'Numbers as a table',
  tableOf: 'Numbers of {name}',
  some: 'The first {shown} of {all} rows; the file has all of them.',
}
