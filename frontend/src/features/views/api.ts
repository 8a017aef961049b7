import { client, ok } from '@/api/client'
import type { components } from '@/api/schema.gen'

export type SavedView = components['schemas']['SavedView']
export type NewView = components['schemas']['NewView']
export type ViewPage = NewView['page']

const at = (id: number) => ({ params: { path: { view_id: id } } })

export const listViews = (page: ViewPage) => ok(client.GET('/api/views', { params: { query: { page } } }))
export const addView = (body: NewView) => ok(client.POST('/api/views', { body }))
export const changeView = (id: number, body: NewView) => ok(client.PUT('/api/views/{view_id}', { ...at(id), body }))
export const removeView = (id: number) => ok(client.DELETE('/api/views/{view_id}', at(id)))
