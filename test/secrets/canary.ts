/** Marks every secret that tests are made with: what shows one shows this. `npm run secret-scan` looks for it. */
export const CANARY = "canary-"
