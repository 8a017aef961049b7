// Every address of the app. Pages load when they are first visited.
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { isSignedIn } from '@/api/session'
import { visit } from '@/api/visitor'
import { safeRedirect } from '@/shared/browser/redirect'
import { i18n } from '@/shared/i18n'

declare module 'vue-router' {
  interface RouteMeta {
    /** Seen without an account, in the slim layout. */
    bare?: boolean
    /** A link in a mail leads here: seen by whoever has it, signed in or not. */
    linked?: boolean
    /** Seen by everyone as everyone sees it: pages ask as nobody, whoever is signed in. */
    visitor?: boolean
    title?: string
  }
}

const OPEN = { bare: true, linked: true, visitor: true }

export const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('@/features/home/pages/HomePage.vue'), meta: { title: 'shell.home' } },
  { path: '/login', name: 'login', component: () => import('@/features/auth/pages/LoginPage.vue'), meta: { bare: true, title: 'auth.signIn' } },
  { path: '/login/oauth/complete', name: 'oauth-return', component: () => import('@/features/auth/pages/OAuthReturnPage.vue'), meta: { bare: true, linked: true, title: 'identity.title' } },
  { path: '/register', name: 'register', component: () => import('@/features/auth/pages/RegisterPage.vue'), meta: { bare: true, title: 'auth.register' } },
  { path: '/forgot-password', name: 'forgot-password', component: () => import('@/features/auth/pages/ForgotPasswordPage.vue'), meta: { bare: true, title: 'auth.forgot.title' } },
  { path: '/reset-password', name: 'reset-password', component: () => import('@/features/auth/pages/ResetPasswordPage.vue'), meta: { bare: true, linked: true, title: 'auth.reset.title' } },
  { path: '/verify-email', name: 'verify-email', component: () => import('@/features/auth/pages/VerifyEmailPage.vue'), props: { changes: false }, meta: { bare: true, linked: true, title: 'auth.verify.title' } },
  { path: '/verify-new-email', name: 'verify-new-email', component: () => import('@/features/auth/pages/VerifyEmailPage.vue'), props: { changes: true }, meta: { bare: true, linked: true, title: 'auth.verify.title' } },
  { path: '/unsubscribe', name: 'unsubscribe', component: () => import('@/features/notifications/unsubscribe/UnsubscribePage.vue'), meta: { bare: true, linked: true, title: 'mails.unsubscribe.title' } },
  { path: '/batches', name: 'batches', component: () => import('@/features/batches/pages/BatchesPage.vue'), meta: { title: 'shell.batches' } },
  { path: '/batches/:batchId', name: 'batch', component: () => import('@/features/batches/pages/BatchPage.vue'), meta: { title: 'shell.batches' } },
  { path: '/batches/:batchId/jobs/:jobId', name: 'job', component: () => import('@/features/jobs/pages/JobPage.vue'), meta: { title: 'shell.batches' } },
  { path: '/jobs', name: 'jobs', component: () => import('@/features/joblist/pages/JobsPage.vue'), meta: { title: 'shell.jobs' } },
  { path: '/search', name: 'search', component: () => import('@/features/search/pages/SearchPage.vue'), meta: { title: 'search.title' } },
  { path: '/trash', name: 'trash', component: () => import('@/features/trash/pages/TrashPage.vue'), meta: { title: 'trash.title' } },
  { path: '/projects', name: 'projects', component: () => import('@/features/projects/pages/ProjectsPage.vue'), meta: { title: 'shell.projects' } },
  { path: '/projects/:project', name: 'project', component: () => import('@/features/projects/pages/ProjectPage.vue'), meta: { title: 'shell.projects' } },
  { path: '/compare', name: 'compare', component: () => import('@/features/compare/pages/ComparePage.vue'), meta: { title: 'shell.compare' } },
  { path: '/studies', name: 'studies', component: () => import('@/features/studies/pages/StudiesPage.vue'), meta: { title: 'shell.studies' } },
  { path: '/studies/:study', name: 'study', component: () => import('@/features/studies/pages/StudyPage.vue'), meta: { title: 'shell.studies' } },
  { path: '/hosts', name: 'hosts', component: () => import('@/features/hosts/pages/HostsPage.vue'), meta: { title: 'shell.hosts' } },
  { path: '/hosts/:host', name: 'host', component: () => import('@/features/hosts/pages/HostPage.vue'), meta: { title: 'shell.hosts' } },
  { path: '/agents', name: 'agents', component: () => import('@/features/agents/pages/AgentsPage.vue'), meta: { title: 'shell.agents' } },
  { path: '/inbox', name: 'inbox', component: () => import('@/features/inbox/pages/InboxPage.vue'), meta: { title: 'shell.inbox' } },
  { path: '/settings', redirect: { name: 'settings', params: { section: 'profile' } } },
  { path: '/settings/:section(profile|security|tokens|shares|notifications|preferences)', name: 'settings', component: () => import('@/features/settings/pages/SettingsPage.vue'), meta: { title: 'shell.settings' } },
  { path: '/admin', redirect: { name: 'admin', params: { section: 'users' } } },
  { path: '/admin/:section(users|invites|config|flags|audit|mail|templates|deliveries|retention|security|keys|identity)', name: 'admin', component: () => import('@/features/admin/pages/AdminPage.vue'), meta: { title: 'shell.admin' } },
  { path: '/public/projects', name: 'public-projects', component: () => import('@/features/public/pages/PublicProjectsPage.vue'), meta: { ...OPEN, title: 'published.all' } },
  { path: '/public/projects/:project', name: 'public-project', component: () => import('@/features/public/pages/PublicProjectPage.vue'), meta: { ...OPEN, title: 'published.all' } },
  { path: '/public/projects/:project/batches/:batchId', name: 'public-batch', component: () => import('@/features/public/pages/PublicBatchPage.vue'), meta: { ...OPEN, title: 'published.all' } },
  { path: '/public/projects/:project/batches/:batchId/jobs/:jobId', name: 'public-job', component: () => import('@/features/public/pages/PublicJobPage.vue'), meta: { ...OPEN, title: 'published.all' } },
  { path: '/public/:slug', name: 'public-link', component: () => import('@/features/public/pages/PublicLinkPage.vue'), meta: { ...OPEN, title: 'published.batch' } },
  { path: '/public/:slug/jobs/:jobId', name: 'public-link-job', component: () => import('@/features/public/pages/PublicJobPage.vue'), meta: { ...OPEN, title: 'published.batch' } },
  { path: '/demo/:rest(.*)*', redirect: { name: 'public-projects' } },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue'), meta: { title: 'errors.pageTitle' } },
]

/** Begins to load a page's code, without going there. A failure shows when it is gone to. */
export function loadPage(router: Router, path: string): void {
  for (const { components } of router.resolve(path).matched) {
    const load = components?.default
    if (typeof load === 'function') void (load as () => Promise<unknown>)().catch(() => undefined)
  }
}

export async function toLogin(router: Router): Promise<void> {
  const here = router.currentRoute.value
  if (here.meta.bare) return
  await router.replace({ name: 'login', query: here.fullPath === '/' ? {} : { redirect: here.fullPath } })
}

/** Signed in by another tab, or by a server that answers again: on to where this page wanted to go. */
export async function fromLogin(router: Router): Promise<void> {
  const here = router.currentRoute.value
  if (here.name === 'login') await router.replace(safeRedirect(here.query.redirect))
}

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? {} : { top: 0 }),
  })
  // Components that public pages share with others lead to jobs: from there, to the job as everyone sees it.
  router.beforeEach((to, from) => {
    if (!from.meta.visitor || to.name !== 'job') return true
    const { jobId } = to.params
    return from.params.slug
      ? { name: 'public-link-job', params: { slug: from.params.slug, jobId } }
      : from.params.project
        ? { name: 'public-job', params: { project: from.params.project, batchId: from.params.batchId ?? to.params.batchId, jobId } }
        : true
  })
  router.beforeEach((to) => {
    if (!to.meta.bare && !isSignedIn.value) {
      return { name: 'login', query: to.fullPath === '/' ? {} : { redirect: to.fullPath } }
    }
    if (to.meta.bare && !to.meta.linked && isSignedIn.value) return safeRedirect(to.query.redirect)
    return true
  })
  router.beforeResolve((to) => visit(to.meta.visitor ?? false))
  router.afterEach((to) => {
    const subject = to.params.jobId ?? to.params.batchId ?? to.params.project ?? to.params.study ?? to.params.host
    const title = subject ? String(subject) : i18n.global.t(to.meta.title ?? 'shell.name')
    document.title = `${title} · Argus`
  })
  return router
}
