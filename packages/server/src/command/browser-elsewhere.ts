import { hostname } from "node:os"

/**
 * For a person whose browser is on another machine, such as over ssh: how it comes back to this one, where the sign-in is waited for;
 * and the grant that does without. Undefined where a browser can be seen.
 */
export function browserElsewhere(url: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (isBrowserHere(env)) return undefined
  const otherGrant = "grant: device_code signs in on any device, if the issuer offers it."
  const port = portOf(new URL(url).searchParams.get("redirect_uri"))
  if (port === "") return `No browser here? ${otherGrant}`
  return `No browser here? First, on the machine that has one:\n  ssh -L ${port}:127.0.0.1:${port} ${hostname()}\nOr: ${otherGrant}`
}

function isBrowserHere({ SSH_CONNECTION: ssh, DISPLAY: x11, WAYLAND_DISPLAY: wayland }: NodeJS.ProcessEnv): boolean {
  if (ssh) return false
  return process.platform === "win32" || process.platform === "darwin" || Boolean(x11 ?? wayland)
}

/** Empty: it cannot be told. */
function portOf(redirectUri: string | null): string {
  return redirectUri !== null && URL.canParse(redirectUri) ? new URL(redirectUri).port : ""
}
