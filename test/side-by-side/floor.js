// Nothing can be faster and still right: a field that is read, and its end compared with the time. `get` is that before a
// promise that is always the same one; `await` is the promise alone, which asks nobody whether its token is still good.
import { requestToken } from "../peers/token-request.js"

export async function token(settings) {
  const { access_token: accessToken, expires_in } = await requestToken(settings)
  const held = { token: { accessToken }, expiresAt: Date.now() + expires_in * 1000, promise: undefined }
  held.promise = Promise.resolve(held.token)
  return {
    current: () => (Date.now() < held.expiresAt ? held.token : undefined),
    get: () => (Date.now() < held.expiresAt ? held.promise : undefined),
    promise: () => held.promise,
  }
}
