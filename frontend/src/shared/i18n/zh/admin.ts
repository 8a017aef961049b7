export default {
  sections: { users: '用户', invites: '邀请', config: '配置', flags: '开关', audit: '审计日志', security: '安全', identity: '登录方式' },
  forbidden: { title: '仅限管理员', hint: '您的账户无权查看此页面。本服务器的管理员可以在"用户"中授予您管理员权限。' },
  identity: { on: '已配置', off: '未配置' },
}
