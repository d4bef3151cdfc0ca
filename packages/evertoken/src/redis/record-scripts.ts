import { redisScript } from "./redis-script.js"

/*
 * The record of a key is a hash with the fields
 *   record          the text of the record
 *   writerOffsetMs  by how much the clock of Redis was ahead of the writer's
 *   aside:<digest>  a text that could not be read, kept when another one took its place
 * Texts are told apart by their SHA-1 in hex, their digest. No record: an empty digest.
 */

/**
 * ARGV: now, the digest of what is known already. Answers with the digest, and the rest only if it differs from that.
 */
export const READ_RECORD = redisScript(`
local there = redis.call('HMGET', KEYS[1], 'record', 'writerOffsetMs')
if not there[1] then return {now, ''} end
local digest = redis.sha1hex(there[1])
if digest == ARGV[2] then return {now, digest} end
return {now, digest, there[1], there[2] or '0'}
`)

/**
 * Compare-and-set. ARGV: now, the digest of what is replaced, the new text, its offset, the channel that is told, and
 * whether what is replaced is kept aside. Answers with `written` and the digest, or with what is there instead.
 *
 * A user who may not publish writes all the same: the others poll.
 */
export const SWAP_RECORD = redisScript(`
local there = redis.call('HMGET', KEYS[1], 'record', 'writerOffsetMs')
local digest = there[1] and redis.sha1hex(there[1]) or ''
if digest ~= ARGV[2] then return {now, 'refused', digest, there[1] or '', there[2] or '0'} end
if ARGV[6] == 'aside' then redis.call('HSETNX', KEYS[1], 'aside:' .. digest, there[1]) end
redis.call('HSET', KEYS[1], 'record', ARGV[3], 'writerOffsetMs', ARGV[4])
local written = redis.sha1hex(ARGV[3])
redis.pcall('PUBLISH', ARGV[5], written)
return {now, 'written', written}
`)
