export default {
  profile: { title: '个人资料', admin: '管理员', verified: '已验证', unverified: '未验证', created: '注册时间', lastLogin: '上次登录' },
  tokens: { title: '令牌' },
  preferences: { title: '偏好', languageHint: 'Argus 发送的邮件也使用此语言。', themeHint: '选择之前跟随系统。' },
}
