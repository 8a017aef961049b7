import '@/shared/theme/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { startLive } from '@/api/hub'
import { watchSession } from '@/api/session'
import { i18n, preferredLocale, setLocale } from '@/shared/i18n'
import { startTheme } from '@/shared/theme'
import App from './App.vue'
import { createAppRouter, toLogin } from './router'

startTheme()
await setLocale(preferredLocale(), false)

const router = createAppRouter()
watchSession(() => void toLogin(router))
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
startLive()
