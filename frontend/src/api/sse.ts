// Parser for a text/event-stream body (WHATWG HTML, "Interpreting an event stream"), fed piece by piece.

export interface SseFrame {
  event: string
  data: string
  id: string | null
}

export function createSseParser(emit: (frame: SseFrame) => void): (chunk: string) => void {
  let buffer = ''
  let event = ''
  let data: string[] = []
  let id: string | null = null
  let swallowLineFeed = false

  const dispatch = (): void => {
    if (data.length > 0) emit({ event: event || 'message', data: data.join('\n'), id })
    event = ''
    data = []
    id = null
  }

  const line = (text: string): void => {
    if (text === '') return dispatch()
    const colon = text.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
  }

  return (chunk) => {
    let text = chunk
    if (swallowLineFeed && text.startsWith('\n')) text = text.slice(1)
    swallowLineFeed = text.endsWith('\r')
    buffer += text
    const lines = buffer.split(/\r\n|\r|\n/)
    buffer = lines.pop() ?? ''
    lines.forEach(line)
  }
}
