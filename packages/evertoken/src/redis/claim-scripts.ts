import { redisScript } from "./redis-script.js"

/*
 * The claims on one subject are a hash with the fields
 *   owner:<n>  who has claim n: a random name
 *   until:<n>  until when its lease lasts, in epoch milliseconds
 *   sent:<n>   its mark: when the request was sent
 *   rejected   the tombstone: when the issuer refused
 * It is forgotten a day after the last change, or a month after with a tombstone.
 */

const KEEP = `
local function keep()
  local rejected = redis.call('HEXISTS', KEYS[1], 'rejected') == 1
  redis.call('PEXPIRE', KEYS[1], rejected and 2592000000 or 86400000)
end`

// the rest is for the owner of the claim only
const OWNED = `
local n, owner = ARGV[2], ARGV[3]
if redis.call('HGET', KEYS[1], 'owner:' .. n) ~= owner then return {now, 'no'} end`

const LEASE = `string.format('%.0f', tonumber(now) + tonumber(ARGV[4]))`

/** ARGV: now. Answers with all fields and their values. */
export const LOOK = redisScript(`
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, now)
return answer
`)

/** ARGV: now, n, owner, leaseMs. A claim that is this owner's already is had: the answer to it was lost. */
export const TAKE = redisScript(`
${KEEP}
local n, owner = ARGV[2], ARGV[3]
if redis.call('HSETNX', KEYS[1], 'owner:' .. n, owner) == 0
  and redis.call('HGET', KEYS[1], 'owner:' .. n) ~= owner then return {now, 'no'} end
redis.call('HSET', KEYS[1], 'until:' .. n, ${LEASE})
keep()
return {now, 'yes'}
`)

/** ARGV: now, n, owner, leaseMs. */
export const EXTEND = redisScript(`
${KEEP}
${OWNED}
redis.call('HSET', KEYS[1], 'until:' .. n, ${LEASE})
keep()
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local other = string.match(field, '^owner:(%d+)$')
  if other and tonumber(other) > tonumber(n) then return {now, 'no'} end
end
return {now, 'yes'}
`)

/** ARGV: now, n, owner. */
export const MARK_SENT = redisScript(`
${KEEP}
${OWNED}
redis.call('HSET', KEYS[1], 'sent:' .. n, now)
keep()
return {now, 'yes'}
`)

/** ARGV: now, n, owner, `own` or `all`. The tombstone stays. */
export const RELEASE = redisScript(`
${OWNED}
local fields = {'owner:' .. n, 'until:' .. n, 'sent:' .. n}
if ARGV[4] == 'all' then fields = redis.call('HKEYS', KEYS[1]) end
for _, field in ipairs(fields) do
  if field ~= 'rejected' then redis.call('HDEL', KEYS[1], field) end
end
return {now, 'yes'}
`)

/** ARGV: now, n, owner. */
export const ABANDON = redisScript(`
${OWNED}
redis.call('HSET', KEYS[1], 'until:' .. n, '0')
return {now, 'yes'}
`)

/** ARGV: now. */
export const REJECT = redisScript(`
${KEEP}
redis.call('HSETNX', KEYS[1], 'rejected', now)
keep()
return {now, 'yes'}
`)
