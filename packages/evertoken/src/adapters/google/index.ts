export { googleAuthClient, type GoogleAuthClient } from "./google-auth-client.js"
export {
  tokenSourceFromGoogle,
  type GoogleTokenClient,
  type TokenSourceFromGoogleOptions,
} from "./token-source-from-google.js"
