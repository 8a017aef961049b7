import '@/shared/theme/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { startLive } from '@/api/hub'
import { bootSession, watchSession } from '@/api/session'
import { i18n, preferredLocale, setLocale } from '@/shared/i18n'
import { startTheme } from '@/shared/theme'
import App from './App.vue'
import { createAppRouter, fromLogin, toLogin } from './router'

startTheme()
// Who is signed in decides which page is shown first, so that comes before the router.
await Promise.all([setLocale(preferredLocale(), false), bootSession()])

const router = createAppRouter()
watchSession(
  () => void toLogin(router),
  () => void fromLogin(router),
)
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
startLive()
