// The SharedWorker that holds the stream for all tabs of this browser. One runs per account, by its name.
import { Desk } from './desk'
import type { ToWorker } from './messages'

const desk = new Desk()

;(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = ({ ports: [port] }) => {
  if (!port) return
  const receive = desk.open(port)
  port.onmessage = (event: MessageEvent<ToWorker>) => receive(event.data)
}
