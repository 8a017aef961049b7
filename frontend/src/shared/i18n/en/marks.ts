export default {
  star: 'Star',
  unstar: 'Take the star back',
  pin: 'Pin for comparison',
  unpin: 'Unpin',
  full: '{count} batches are pinned already, and more cannot be compared at a glance. Unpin one first.',
  pinned: 'Pinned: {count} of {most}',
}
