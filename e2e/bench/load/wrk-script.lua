-- Sends the cookies of a file in turn, one a request, and says what wrk has counted as one line of JSON.

local cookies = {}
for line in io.lines(os.getenv('BENCH_COOKIES')) do
  cookies[#cookies + 1] = line
end

if #cookies == 1 then
  -- wrk then sends the same bytes again and again, and runs no Lua for it.
  wrk.headers['Cookie'] = cookies[1]
else
  local head, tail
  local last = 0

  function init()
    wrk.headers['Cookie'] = '@'
    local request = wrk.format()
    local place = request:find('@', 1, true)
    head, tail = request:sub(1, place - 1), request:sub(place + 1)
  end

  function request()
    last = last % #cookies + 1
    return head .. cookies[last] .. tail
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'counted {"requests":%d,"refused":%d,"failed":%d,"microseconds":%d,"p50":%d,"p99":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
