import { createHash } from 'node:crypto';

/** What Redis does in one step, nothing else in between. All keys of one script have one hash tag. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** A process that was not there for so long is told all anew. */
const KNOWN_MS = 86_400_000;

/**
 * Changes of a table that nodes share, and what others changed since. The later change of a row holds.
 *
 * A Redis that came back with what it knew some time ago has forgotten this exchange's predecessor, though others may
 * have told it more since than it knew then: by its revision alone nobody could see that.
 *
 * KEYS: rows, revisions of rows, when rows may be forgotten, revision, how often this process was answered. ARGV: this
 * node, how often it was answered, which question this is, the revision known, whether its own rows are told too, the
 * most rows; then of each changed row: id, time of the change, when to forget it (or nothing), text (none: it is gone).
 */
export const exchangeRows = script(`${now}
local node, answered, question, since = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local whole, most = ARGV[5] == '1', tonumber(ARGV[6])
local lost = answered > tonumber(redis.call('GET', KEYS[5]) or '0')
redis.call('SET', KEYS[5], question, 'PX', ${KNOWN_MS})
if lost then
  since = 0
  whole = true
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 200)) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end

for at = 7, #ARGV, 4 do
  local id, changed, forget, text = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local row = redis.call('HGET', KEYS[1], id)
  if not row or tonumber(changed) > tonumber(string.match(row, '^%d+')) then
    redis.call('HSET', KEYS[1], id, changed .. ' ' .. node .. ' ' .. text)
    redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[4], 'revision', 1), id)
    if forget == '' then redis.call('ZREM', KEYS[3], id) else redis.call('ZADD', KEYS[3], forget, id) end
  end
end

local revision = tonumber(redis.call('HGET', KEYS[4], 'revision') or '0')
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. since, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local told = {}
for at = 1, #found, 2 do
  local row = redis.call('HGET', KEYS[1], found[at])
  local writer, text = string.match(row or '', '^%d+ (%S+) (.*)$')
  -- that a row is gone is told to whoever said so too: meanwhile he may have heard of it from others
  if writer and (whole or text == '' or writer ~= node) then
    table.insert(told, found[at])
    table.insert(told, row)
  end
end
if #found == most * 2 then revision = tonumber(found[#found]) end
return { lost and 1 or 0, revision, #found == most * 2 and 1 or 0, told }`);

/**
 * A sign of life; answered by the time that it is, and who else gave one of late. A name that another node goes by is
 * refused: be it one that is alike in all, as a copy of a machine is, and was not there when this process said so
 * before.
 *
 * KEYS: nodes. ARGV: name, what makes it that node, what the others are to know, milliseconds without a sign; what
 * stands for this process in what the others are to know, and whether it said so before.
 */
export const beat = script(`${now}
local name, identity, about, silent = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local known = redis.call('HGET', KEYS[1], name)
if known then
  local at, other = string.match(known, '^(%d+) (%S+) ')
  local copy = ARGV[6] == '1' and not string.find(known, ARGV[5], 1, true)
  if (other ~= identity or copy) and now - tonumber(at) < silent then return redis.error_reply('NAMETAKEN ' .. other) end
end
redis.call('HSET', KEYS[1], name, now .. ' ' .. identity .. ' ' .. about)
local all = redis.call('HGETALL', KEYS[1])
local living = { tostring(now) }
for at = 1, #all, 2 do
  local seen, what = string.match(all[at + 1], '^(%d+) %S+ (.*)$')
  if now - tonumber(seen) < silent then
    table.insert(living, all[at])
    table.insert(living, what)
  elseif now - tonumber(seen) > 86400000 then
    redis.call('HDEL', KEYS[1], all[at])
  end
end
return living`);

/**
 * Blocked addresses in a set, which knows no time: another key holds when each is to go.
 *
 * KEYS: the set, when its members go. ARGV: of each change the address, and its end; or `lifted`, or nothing for good.
 */
export const keepBlacklist = script(`${now}
for at = 1, #ARGV, 2 do
  local address, ends = ARGV[at], ARGV[at + 1]
  redis.call('ZREM', KEYS[2], address)
  if ends == 'lifted' then
    redis.call('SREM', KEYS[1], address)
  else
    redis.call('SADD', KEYS[1], address)
    if ends ~= '' then redis.call('ZADD', KEYS[2], ends, address) end
  end
end
for _, address in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('SREM', KEYS[1], address)
  redis.call('ZREM', KEYS[2], address)
end
return 0`);

/**
 * A node tells how many calls it has under some keys. Answers 1 when Redis still knows what it told before.
 *
 * KEYS: the node's counts. ARGV: how long they hold, whether these are all; then pairs of key and count.
 */
export const tellLive = script(`
local known = redis.call('HEXISTS', KEYS[1], '')
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], '', 1)
  known = 1
end
for at = 3, #ARGV, 2 do
  if ARGV[at + 1] == '0' then
    redis.call('HDEL', KEYS[1], ARGV[at])
  else
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return known`);

/**
 * Takes places under several keys, or none when one of them is full. Answers how many calls the others have under each.
 *
 * KEYS: the node's counts, then those of the others. ARGV: how long they hold; then by threes: key, this node's calls
 * with the new one, the most on all nodes.
 */
export const takePlaces = script(`
local told = {}
local full = false
for at = 2, #ARGV, 3 do
  local others = 0
  for node = 2, #KEYS do
    others = others + tonumber(redis.call('HGET', KEYS[node], ARGV[at]) or '0')
  end
  table.insert(told, others)
  if others + tonumber(ARGV[at + 1]) > tonumber(ARGV[at + 2]) then full = true end
end
if not full then
  for at = 2, #ARGV, 3 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return told`);
