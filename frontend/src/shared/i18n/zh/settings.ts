export default {
  profile: { title: '个人资料', admin: '管理员', verified: '已验证', unverified: '未验证', resend: '重新发送链接', resent: '链接已发送。', created: '注册时间', lastLogin: '上次登录' },
  security: { title: '安全' },
  sessions: { title: '登录的设备', this: '当前', end: '退出', endOthers: '退出其他所有设备', endOthersAsk: '其他所有会话将立即结束。', unknown: '未知客户端' },
  password: { title: '密码', current: '当前密码', change: '修改密码', done: '密码已修改，其他会话均已退出。' },
  email: { title: '邮箱地址', new: '新邮箱', hint: '我们会向新邮箱发送链接，确认之前仍使用原邮箱。', change: '更换邮箱', done: '链接已发送至 {email}。' },
  tokens: { title: '令牌' },
  preferences: { title: '偏好', languageHint: 'Argus 发送的邮件也使用此语言。', themeHint: '选择之前跟随系统。' },
}
