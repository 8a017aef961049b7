export default {
  title: 'Files',
  open: 'Show {name} larger',
  download: 'Save {name}',
  digest: 'SHA-256 of the file',
  refresh: 'Look for new files',
  more: '{count} more',
  none: {
    title: 'No files yet',
    hint: 'Plots, models and reports that a training uploads are listed here.',
  },
}
