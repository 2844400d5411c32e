-- One session in Neovim with nvim-dap: `nvim --headless --clean -l session.lua PYTHON ADAPTER TAPE
-- PROGRAM MARKS`, nvim-dap on the runtimepath by NVIM_DAP. Exits 0 when all is well.

vim.opt.runtimepath:append(vim.env.NVIM_DAP)
local python, adapter, tape, program, marks_text = unpack(_G.arg)
local marks = vim.json.decode(marks_text)
local dap = require("dap")

dap.adapters.foreframe = { type = "executable", command = python, args = { adapter, tape } }

local stops = {}
local ended = false
dap.listeners.after.event_stopped.test = function(_, body)
  table.insert(stops, body)
end
dap.listeners.after.event_terminated.test = function()
  ended = true
end

local function wait(what, condition)
  if not vim.wait(10000, condition, 10) then
    io.stderr:write("waited in vain for " .. what .. "\n")
    vim.cmd("cquit 1")
  end
end

-- nvim-dap asks for the stack, scopes and variables by itself after each stop.
local function stop_at(number, line)
  wait("stop " .. number .. " at line " .. line, function()
    local session = dap.session()
    local frame = session and session.current_frame
    return #stops == number and frame and frame.line == line and frame.scopes ~= nil
  end)
end

local function expect(what, found, expected)
  if not vim.deep_equal(found, expected) then
    io.stderr:write(what .. ": " .. vim.inspect(found) .. "\n")
    vim.cmd("cquit 1")
  end
end

local function evaluate(expression)
  local result
  local session = dap.session()
  session:request(
    "evaluate",
    { expression = expression, frameId = session.current_frame.id, context = "hover" },
    function(err, response)
      result = err and tostring(err) or response.result
    end
  )
  wait("the value of " .. expression, function()
    return result ~= nil
  end)
  return result
end

vim.cmd.edit(program)
vim.api.nvim_win_set_cursor(0, { marks.add, 0 })
dap.set_breakpoint("item == 2")
dap.run({ type = "foreframe", request = "launch", name = "imagine", program = program })
stop_at(1, marks.add)
expect("the reason", stops[1].reason, "breakpoint")
expect("hover", evaluate("items[item] + result"), "4")

dap.step_over()
stop_at(2, marks.add - 1)
expect("hover", evaluate("result"), "3")
dap.step_back()
stop_at(3, marks.add)
expect("hover", evaluate("result"), "1")
dap.reverse_continue()
stop_at(4, 1)
dap.clear_breakpoints()
dap.continue()
stop_at(5, marks.last)
dap.continue()
wait("the end", function()
  return ended
end)
vim.cmd("qall!")
