export default {
  log: 'Log axis',
  smoothing: 'Smoothing',
  off: 'off',
  epoch: 'epoch {epoch}',
  curve: 'Curve of {name}',
}
