import '@/shared/theme/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { startLive } from '@/api/hub'
import { bootSession, wasSignedIn, watchSession } from '@/api/session'
import { i18n, preferredLocale, setLocale } from '@/shared/i18n'
import { startTheme } from '@/shared/theme'
import App from './App.vue'
import { noticeMissedPages } from './missed/missedPage'
import { createAppRouter, fromLogin, loadPage, toLogin } from './router'

startTheme()
const router = createAppRouter()
noticeMissedPages(router)
// Who is signed in decides which page is shown first, so that comes before the first navigation. The page that was asked
// for loads meanwhile: where somebody was signed in, they most likely still are.
if (wasSignedIn()) loadPage(router, window.location.pathname)
await Promise.all([setLocale(preferredLocale(), false), bootSession()])
// The stream opens while the page is made: when it asks for its data, it is known from where on events come.
startLive()

watchSession(
  () => void toLogin(router),
  () => void fromLogin(router),
)
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
