export default {
  log: 'Log axis',
  smoothing: 'Smoothing',
  off: 'off',
  epoch: 'epoch {epoch}',
  curve: 'Curve of {name}',
  step: 'step {step}',
  resumed: 'New run from here, {at}',
  bySteps: 'over steps',
}
