// Cutting a browser off. The stream lives in a worker, which is cut off by itself: to be offline, Playwright tells pages only.
import type { Browser, BrowserContext, CDPSession } from '@playwright/test'

interface Target {
  targetId: string
  type: string
}

const OFFLINE = { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }

/** Takes the network from all pages and workers of a browser; the function that it returns gives it back. */
export async function cutLine(context: BrowserContext): Promise<() => Promise<void>> {
  const session = await (context.browser() as Browser).newBrowserCDPSession()
  const { targetInfos } = (await session.send('Target.getTargets')) as { targetInfos: Target[] }
  for (const { targetId } of targetInfos.filter(({ type }) => type === 'shared_worker')) await cutWorker(session, targetId)
  await context.setOffline(true)
  return async () => {
    // The conditions last as long as the session that set them.
    await session.detach()
    await context.setOffline(false)
  }
}

async function cutWorker(session: CDPSession, targetId: string): Promise<void> {
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
  for (const [id, method, params] of [
    [1, 'Network.enable', {}],
    [2, 'Network.emulateNetworkConditions', OFFLINE],
  ] as const) {
    await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
  }
}
