export { redisStore } from './store.js'
export { redisReplayCache } from './replay-cache.js'

export type { ReplayCache } from '../options/bearer/possession-options.js'
export type { RedisOptions } from '../options/redis.js'
export type { SharedStore } from '../options/common/stores.js'
export type { IoredisClient, NodeRedisClient, RedisClient, RedisCommandOptions, RedisCommands } from './client.js'
