import { createClient } from 'redis'

const batch = 2000
const megabyte = 1024 ** 2

// Entries of the same size and kind under keys of the same shape as a given one, whose end is random.
const fill = `
  local value = redis.call('GET', KEYS[1])
  local ttl = redis.call('PTTL', KEYS[1])
  for i = 1, tonumber(ARGV[1]) do
    local name = redis.sha1hex(ARGV[2] .. i) .. redis.sha1hex(i .. ARGV[2])
    redis.call('SET', string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[3]) .. string.sub(name, 1, #ARGV[3]), value, 'PX', ttl)
  end`

/** Watches a Redis, and fills it. */
export async function watchRedis(url) {
  const client = await createClient({ url }).connect()
  const read = async () => {
    const text = await client.info()
    const field = (name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(text)[1])
    return {
      commands: field('total_commands_processed'),
      reads: field('total_reads_processed'),
      bytesIn: field('total_net_input_bytes'),
      bytesOut: field('total_net_output_bytes'),
      cpu: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
      memory: field('used_memory') / megabyte,
    }
  }
  return {
    /** What some work takes of Redis, per `count`; one round trip is one read of its socket when nothing else is going on. */
    async during(count, work) {
      const before = await read()
      const size = Buffer.byteLength(await client.info())
      const result = await work()
      const after = await read()
      const per = (name, own = 0) => (after[name] - before[name] - own) / count
      // What was asked for here, twice `INFO`, is not part of it.
      const used = { commands: per('commands', 2), roundTrips: per('reads', 2), bytesOut: per('bytesOut', 2 * size) }
      return { ...used, bytesIn: per('bytesIn', 28), redisCpu: per('cpu'), result }
    },
    /** Adds copies of a session until there are `count` entries. */
    async fillTo(count) {
      const key = await client.randomKey()
      const end = /[^:]*$/.exec(key)[0]
      for (let left = count - (await client.dbSize()); left > 0; left = count - (await client.dbSize())) {
        const args = [String(Math.min(batch, left)), String(Math.random()), end]
        await client.eval(fill, { keys: [key], arguments: args })
      }
      return (await read()).memory
    },
    clear: () => client.flushAll(),
    close: () => client.close(),
  }
}
