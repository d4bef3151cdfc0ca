/** Whether a secret may be sent there: `https`, or `http` to this very machine (127.0.0.0/8, `[::1]`, `localhost`). */
export function isSecureUrl(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))
}

// the URL parser has brought every spelling of an IPv4 address ("127.1", "0x7f000001") into dotted form
function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname)
}
