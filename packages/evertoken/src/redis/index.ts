export type { IoredisClient, NodeRedisClient } from "./redis-client.js"
export { RedisTokenCache, type RedisTokenCacheOptions } from "./redis-token-cache.js"
export type { WaitReplicas } from "./replication.js"
