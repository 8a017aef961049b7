export default {
  status: { waiting: 'Waiting', sending: 'Under way', sent: 'Delivered', failed: 'Given up' },
  attempts: '{count} attempt | {count} attempts',
  again: 'again',
}
