export { seededRandom } from "../random.js"
export {
  simulateFleet,
  type FleetOptions,
  type FleetOutage,
  type FleetOutageReport,
  type FleetReport,
} from "./fleet/simulate-fleet.js"
export { tokenCacheContract, type TokenCacheContractOptions, type TokenCacheUnderTest } from "./token-cache-contract.js"
export {
  tokenSourceContract,
  type TokenSourceContractOptions,
  type TokenSourceUnderTest,
} from "./token-source-contract.js"
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.js"
