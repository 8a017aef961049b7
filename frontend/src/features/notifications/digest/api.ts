// What the daily mail's settings ask for.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Digest = Schemas['DigestOut']
export type DigestWish = Schemas['DigestIn']
export type DigestMail = Schemas['DigestPreview']

export const readDigest = () => ok(client.GET('/api/me/digest'))
export const saveDigest = (body: DigestWish) => ok(client.PUT('/api/me/digest', { body }))
export const previewDigest = (body: DigestWish) => ok(client.POST('/api/me/digest/preview', { body }))
