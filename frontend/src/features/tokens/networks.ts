// Addresses and networks as people write them. A look that says at once what is wrong; the server decides.

export const MOST_NETWORKS = 20

/** Whether a text is an address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.trim().split('/')
  const bits = address.includes(':') ? 128 : 32
  if (rest.length || !(bits === 128 ? isIpv6(address) : isIpv4(address))) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits)
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
}
