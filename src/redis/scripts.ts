/**
 * What is asked of Redis: one script for each step, because Redis runs a script as one step, and all keys of a store, which
 * carry the prefix and belong to one slot of a cluster.
 */

/** The keys of one store. */
export interface Keys {
  /** Hash: the text of each name. */
  readonly texts: string
  /** Hash: who took the turn of each name last, until it is given up. It stays when a lease runs out. */
  readonly holders: string
  /** A number that each turn raises. */
  readonly counter: string
  /** Hash with a time to live: who has the turn of a name now, and what it tells. */
  readonly lease: (name: string) => string
}

/** The keys under a prefix. */
export const keysUnder = (prefix: string): Keys => ({
  texts: `${prefix}texts`,
  holders: `${prefix}holders`,
  counter: `${prefix}turns`,
  lease: (name) => `${prefix}lease:${name}`
})

/** The text of a name. Keys: texts. Arguments: name. */
export const read = `return redis.call('HGET', KEYS[1], ARGV[1])`

/** All names. Keys: texts. */
export const names = `return redis.call('HKEYS', KEYS[1])`

/**
 * Takes the turn of a name, if nobody has it. Keys: lease, holders, counter. Arguments: name, a random text, milliseconds.
 * Gives `taken` and the fence of the turn, or `held`, the fence of whoever has it, and what that one tells.
 *
 * A fence is a number that rises, and the random text: a Redis that takes over from another may give a number twice. Asked
 * again with the same random text, as clients do when a connection was lost, it gives the same turn.
 */
export const take = `local held = redis.call('HMGET', KEYS[1], 'fence', 'by', 'told')
if held[2] == ARGV[2] then return { 'taken', held[1] } end
if held[1] then return { 'held', held[1], held[3] } end
local fence = string.format('%d:%s', redis.call('INCR', KEYS[3]), ARGV[2])
redis.call('HSET', KEYS[1], 'fence', fence, 'by', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], fence)
return { 'taken', fence }`

/**
 * Keeps a turn, and what its holder tells. Keys: lease, holders. Arguments: name, fence, milliseconds, and what is told, if
 * anything is. Gives `kept`, or `lost`: somebody else took it after it had run out. One that ran out, and that nobody took, is
 * taken back.
 */
export const renew = `if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 'lost' end
redis.call('HSET', KEYS[1], 'fence', ARGV[2], 'by', string.match(ARGV[2], ':(.*)$'))
if ARGV[4] then redis.call('HSET', KEYS[1], 'told', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'kept'`

/** Gives a turn up, if it is still this one. Keys: lease, holders. Arguments: name, fence. */
export const release = `if redis.call('HGET', KEYS[1], 'fence') == ARGV[2] then redis.call('DEL', KEYS[1]) end
if redis.call('HGET', KEYS[2], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[2], ARGV[1]) end
return 'released'`

/**
 * Keeps a text, or removes it where none is given, if nobody took the turn of its name since. Keys: texts, holders. Arguments:
 * name, fence, and the text. Gives `kept` or `lost`.
 */
export const write = `if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 'lost' end
if ARGV[3] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) else redis.call('HDEL', KEYS[1], ARGV[1]) end
return 'kept'`
