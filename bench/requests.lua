-- wrk script: each request is the next line of the file REQUESTS: method, path, headers ("Name: value" parted by \r), body,
-- parted by tabs. Every request comes from another made-up address behind the proxy, so that the API's limits count but
-- do not stop anybody. An answer counts as an error from 400 on, and when it redirects elsewhere than to LANDING.
local lines, at = {}, 0
for line in io.lines(os.getenv("REQUESTS")) do lines[#lines + 1] = line end
local landing = os.getenv("LANDING") or ""
local prepared = {}
astray = 0

function init(args)
  math.randomseed(tonumber(os.getenv("SEED") or "1"))
  for number = 1, math.max(#lines, 2000) do
    local method, path, extra, body = lines[(number - 1) % #lines + 1]:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { ["X-Forwarded-Proto"] = "https", ["Accept-Encoding"] = "identity" }
    headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.random(0, 255), math.random(0, 255), math.random(1, 254))
    for name, value in extra:gmatch("([^:\r]+): ([^\r]*)") do headers[name] = value end
    prepared[number] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  at = at % #prepared + 1
  return prepared[at]
end

if landing ~= "" then
  function response(status, headers, body)
    local where = headers["Location"] or headers["location"] or ""
    if where ~= landing then astray = astray + 1 end
  end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

function done(summary, latency, requests)
  local lost = 0
  for _, thread in ipairs(threads) do lost = lost + (thread:get("astray") or 0) end
  io.write(string.format(
    '\nFIGURES {"rate":%.2f,"p50":%.3f,"p95":%.3f,"count":%d,"errors":%d,"bytes":%d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, summary.requests,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout + lost,
    summary.bytes / math.max(1, summary.requests)))
end
