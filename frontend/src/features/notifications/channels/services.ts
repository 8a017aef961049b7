// Services that are reached by plug-ins, and how their addresses look. A test of notifier holds this against its table.

/** By the scheme that an address begins with; names and hints are texts of `channels.services`. */
export const PLACES: Readonly<Record<string, string>> = {
  tgram: 'tgram://BOT_TOKEN/CHAT_ID',
  discord: 'discord://WEBHOOK_ID/WEBHOOK_TOKEN',
  workflows: 'workflows://HOST/WORKFLOW/SIGNATURE',
  gchat: 'gchat://SPACE/KEY/TOKEN',
  wecombot: 'wecombot://BOT_KEY',
  dingtalk: 'dingtalk://SECRET@TOKEN',
  lark: 'lark://TOKEN',
  schan: 'schan://SEND_KEY',
  pushdeers: 'pushdeers://PUSH_KEY',
  barks: 'barks://api.day.app/DEVICE_KEY',
  pover: 'pover://USER_KEY@APP_TOKEN',
  pbul: 'pbul://ACCESS_TOKEN',
  ntfys: 'ntfys://TOPIC',
  gotifys: 'gotifys://HOST/TOKEN',
  mmosts: 'mmosts://HOST/HOOK_ID',
  zulip: 'zulip://BOT@ORGANIZATION/API_KEY/STREAM',
  wxteams: 'wxteams://HOOK_TOKEN',
  pagerduty: 'pagerduty://INTEGRATION_KEY@API_KEY',
}
