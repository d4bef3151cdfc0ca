export { tokenCacheContract, type TokenCacheContractOptions, type TokenCacheUnderTest } from "./token-cache-contract.js"
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.js"
