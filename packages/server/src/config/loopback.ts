/** Whether only this machine reaches an address: `localhost`, 127.0.0.0/8, `::1`. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address === "[::1]" || /^127(\.\d{1,3}){3}$/.test(address)
}
