export { createTokenManager } from "./create-token-manager.js"
export type { TokenRows } from "./database/token-rows.js"
export { TokenTable, type TokenTableStatements } from "./database/token-table.js"
export { SessionError, type SessionErrorCode } from "./session-error.js"
export type { TokenContext } from "./token-context.js"
export type {
  AccessTokenOptions,
  Deletion,
  DeleteManyOptions,
  TokenManager,
  TokenManagerConfig,
  WhoseOptions,
} from "./token-manager.js"
export type { SetOptions, TokenPlace, TokenStrategy } from "./token-strategy.js"
export type {
  AccessTypes,
  CookieType,
  DatabaseType,
  DatabaseTypes,
  Linked,
  OwnType,
  SettableOf,
  TokenType,
  TokenTypes,
  ValueOf,
  ValueTypes,
  VirtualType,
} from "./token-types.js"
export { UserTokenPool, type UserToken } from "./user-token-pool.js"
