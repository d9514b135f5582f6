/** Lua, each run as one step of the server. Keys, unless said: profile, generations, epoch. Members: profile-members.ts. */

/** Epoch, the unit's generation, and the newest members as one string. Arguments: slot, events wanted. */
export const READ = `
return {
  redis.call('GET', KEYS[3]) or '',
  redis.call('HGET', KEYS[2], ARGV[1]) or '',
  table.concat(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[2])),
}
`;

/**
 * Adds events to profiles that are whole, and notes that each unit changed: a fill with more events than are kept takes
 * the place of a profile, and must not bring back how it was before. Many units in one call: calls cost the caller most.
 * Keys: generations, epoch, profiles. Arguments: token, lifetime ms, then for each profile its slot, how many events, and
 * score and member of each.
 */
export const APPLY = `
local epoch = redis.call('GET', KEYS[2])
local at = 3
for k = 3, #KEYS do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[1])
  local first = at + 2
  at = first + 2 * tonumber(ARGV[at + 1])
  local last = redis.call('ZRANGE', KEYS[k], -1, -1)[1]
  if last then
    local kept, seen = string.match(last, '^%z..(%d+):(.*)$')
    if kept and seen == epoch then
      redis.call('ZADD', KEYS[k], unpack(ARGV, first, at - 1))
      redis.call('ZREMRANGEBYRANK', KEYS[k], 0, -(kept + 2))
      redis.call('PEXPIRE', KEYS[k], ARGV[2])
    else
      redis.call('DEL', KEYS[k])
    end
  end
end
return 1
`;

/**
 * Keeps a profile when nothing happened to its unit since the ticket.
 * Arguments: slot, epoch and generation of the ticket, lifetime ms, events kept, then score and member of each event.
 */
export const FILL = `
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return 0 end
if (redis.call('HGET', KEYS[2], ARGV[1]) or '') ~= ARGV[3] then return 0 end
local last = redis.call('ZRANGE', KEYS[1], -1, -1)[1]
if last then
  local kept, epoch = string.match(last, '^%z..(%d+):(.*)$')
  if epoch == ARGV[2] and tonumber(kept) >= tonumber(ARGV[5]) then return 0 end
  redis.call('DEL', KEYS[1])
end
local text = ARGV[5] .. ':' .. ARGV[2]
redis.call('ZADD', KEYS[1], '+inf', '\\0' .. string.char(math.floor(#text / 256), #text % 256) .. text)
for at = 6, #ARGV, 1000 do
  redis.call('ZADD', KEYS[1], unpack(ARGV, at, math.min(at + 999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** Drops a profile. Arguments: slot, token. */
export const FORGET = `
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
`;

/** Puts a new epoch (argument 2) in the place of the one that was seen (argument 1; '' = none); returns what holds. */
export const RENEW = `
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] then return present end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
`;
