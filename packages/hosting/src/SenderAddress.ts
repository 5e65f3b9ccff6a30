import { isIPv6 } from "node:net"

/** A network gives each of its members a whole /64 of IPv6 addresses; they are one sender. Source: RFC 4291, §2.5.4. */
export const of = (address: string): string =>
  isIPv6(address) && !address.startsWith("::ffff:") ? networkOf(address) : address

const networkOf = (address: string): string => {
  const [before = "", after] = address.split("::")
  const left = before === "" ? [] : before.split(":")
  const right = after === undefined || after === "" ? [] : after.split(":")
  const zeros = after === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array.from({ length: zeros }, () => "0"), ...right].slice(0, 4).join(":")
}

/** Whether the address is this machine's own, as that of a proxy beside the process is. Source: RFC 1122, §3.2.1.3. */
export const isLoopback = (address: string): boolean => address === "::1" || /^(::ffff:)?127\./.test(address)
