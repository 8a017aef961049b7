// Channels: mine, or a project's. Both are asked alike.
import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

type Schemas = components['schemas']
export type Channel = Schemas['ChannelOut']
export type NewChannel = Schemas['NewChannelOut']
export type ChannelIn = Schemas['ChannelIn']
export type ChannelPatch = Schemas['ChannelPatch']
export type ChannelTest = Schemas['ChannelTestOut']
export type ChannelDelivery = Schemas['ChannelDeliveryOut']

export interface Channels {
  list: () => Promise<Channel[]>
  add: (body: ChannelIn) => Promise<NewChannel>
  change: (id: number, body: ChannelPatch) => Promise<Channel>
  remove: (id: number) => Promise<unknown>
  test: (id: number) => Promise<ChannelTest>
  log: (id: number, before: number | undefined) => Promise<ChannelDelivery[]>
}

export const LOG_PAGE = 20

const mine: Channels = {
  list: () => ok(client.GET('/api/me/channels')),
  add: (body) => ok(client.POST('/api/me/channels', { body })),
  change: (id, body) => ok(client.PATCH('/api/me/channels/{channel_id}', { params: { path: { channel_id: id } }, body })),
  remove: (id) => ok(client.DELETE('/api/me/channels/{channel_id}', { params: { path: { channel_id: id } } })),
  test: (id) => ok(client.POST('/api/me/channels/{channel_id}/test', { params: { path: { channel_id: id } } })),
  log: (id, before) => ok(client.GET('/api/me/channels/{channel_id}/deliveries', { params: { path: { channel_id: id }, query: { before, limit: LOG_PAGE } } })),
}

function ofProject(project: string): Channels {
  const one = (id: number) => ({ params: { path: { project, channel_id: id } } })
  return {
    list: () => ok(client.GET('/api/projects/{project}/channels', { params: { path: { project } } })),
    add: (body) => ok(client.POST('/api/projects/{project}/channels', { params: { path: { project } }, body })),
    change: (id, body) => ok(client.PATCH('/api/projects/{project}/channels/{channel_id}', { ...one(id), body })),
    remove: (id) => ok(client.DELETE('/api/projects/{project}/channels/{channel_id}', one(id))),
    test: (id) => ok(client.POST('/api/projects/{project}/channels/{channel_id}/test', one(id))),
    log: (id, before) => ok(client.GET('/api/projects/{project}/channels/{channel_id}/deliveries', { params: { path: { project, channel_id: id }, query: { before, limit: LOG_PAGE } } })),
  }
}

export const channelsOf = (project: string | undefined): Channels => (project === undefined ? mine : ofProject(project))
