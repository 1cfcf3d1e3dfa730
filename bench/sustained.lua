-- Posts deliveries of which each has an address and a date of its own, and prints what came of it as one line of JSON:
--   wrk -t1 -c32 -d4 -s bench/sustained.lua URL -- FIRST-NUMBER TEMPLATE
-- `sustainedBody` in bench/sample.ts makes the same bodies. One thread only: each would count for itself.

local firstSecond = 1767225600 -- 2026-01-01
local number, head, beforeDate, beforeAddress, last
local day, dayText

function init(args)
  number = tonumber(args[1])
  local template = args[2]
  local dateAt, dateEnd = template:find('<date>', 1, true)
  local addressAt, addressEnd = template:find('<address>', 1, true)
  beforeDate = template:sub(1, dateAt - 1)
  beforeAddress = template:sub(dateEnd + 1, addressAt - 1)
  last = template:sub(addressEnd + 1)
  -- Every date has 19 characters and every address 29.
  local length = #beforeDate + 19 + #beforeAddress + 29 + #last
  head = 'POST ' .. wrk.path .. ' HTTP/1.1\r\nHost: ' .. wrk.host .. ':' .. wrk.port
    .. '\r\nUser-Agent: load\r\nAccept: */*\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: '
    .. length .. '\r\n\r\n'
end

function request()
  local second = firstSecond + number
  local today = math.floor(second / 86400)
  if today ~= day then
    day = today
    dayText = os.date('!%Y-%m-%d ', second)
  end
  local rest = second - today * 86400
  local date = dayText .. string.format('%02d:%02d:%02d', math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
  local body = beforeDate .. date .. beforeAddress .. string.format('reader-%010d@example.org', number) .. last
  number = number + 1
  return head .. body
end

function done(summary, latency, requests)
  local errors = summary.errors
  -- os.clock() is the processor time of this process.
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"processorMs":%.1f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, os.clock() * 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
