// Everything the palette can do besides finding: the pages, and what one can change from anywhere.
import { BgColorsOutlined, GlobalOutlined, KeyOutlined, LogoutOutlined, QuestionCircleOutlined } from '@ant-design/icons-vue'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { currentUser } from '@/api/session'
import { signOut } from '@/features/auth'
import { pageActions } from '@/shared/composables/usePageActions'
import { setLocale } from '@/shared/i18n'
import { useTheme } from '@/shared/theme'
import { placesOf } from '../shell/navigation'
import { overlay } from '../shell/overlays'
import { SEQUENCES } from '../shortcuts/keys'
import type { Command } from './commands'

export function useCommands() {
  const { t, locale } = useI18n()
  const { choice, choose } = useTheme()

  const pages = computed<Command[]>(() => {
    const isAdmin = currentUser.value?.is_admin ?? false
    return [...placesOf('main', false), ...placesOf('own', isAdmin)].map((place) => ({
      id: `page:${place.name}`,
      group: 'pages',
      title: t(`shell.${place.name}`),
      words: place.name,
      icon: place.icon,
      keys: SEQUENCES.find((sequence) => sequence.place === place.name)?.keys,
      to: place.to,
    }))
  })

  const actions = computed<Command[]>(() => {
    const themes = (['light', 'dark', 'system'] as const).filter((name) => name !== choice.value)
    return [
      ...pageActions.value.map((one): Command => ({ ...one, group: 'actions' })),
      { id: 'token', group: 'actions', title: t('palette.newToken'), words: 'token', icon: KeyOutlined, to: { name: 'settings', params: { section: 'tokens' }, query: { new: '1' } } },
      ...themes.map((name): Command => ({ id: `theme:${name}`, group: 'actions', title: t('palette.theme', { name: t(`shell.themes.${name}`) }), words: `theme ${name}`, icon: BgColorsOutlined, act: () => choose(name) })),
      locale.value === 'zh-CN'
        ? { id: 'language', group: 'actions', title: t('palette.toEnglish'), words: 'English language', icon: GlobalOutlined, act: () => setLocale('en-US') }
        : { id: 'language', group: 'actions', title: t('palette.toChinese'), words: '中文 Chinese language', icon: GlobalOutlined, act: () => setLocale('zh-CN') },
      { id: 'shortcuts', group: 'actions', title: t('palette.shortcuts'), words: 'help keyboard', keys: ['?'], icon: QuestionCircleOutlined, act: () => (overlay.value = 'shortcuts') },
      { id: 'out', group: 'actions', title: t('shell.signOut'), words: 'log out', icon: LogoutOutlined, act: signOut },
    ]
  })

  return { pages, actions }
}
