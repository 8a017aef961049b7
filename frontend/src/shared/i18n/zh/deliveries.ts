export default {
  status: { waiting: '等待中', sending: '发送中', sent: '已送达', failed: '已放弃' },
  attempts: '{count} 次尝试 | {count} 次尝试',
  again: '再次尝试',
}
