// Sessions with VS Code's own test client: `node session.js PYTHON ADAPTER PROGRAM MARKS`.
// The tape is named by FOREFRAME_TAPE. Exits 0 when all is well, else says what is not.
"use strict";

const assert = require("node:assert");
const { DebugClient } = require("@vscode/debugadapter-testsupport");

const [python, adapter, program, marksText] = process.argv.slice(2);
const marks = JSON.parse(marksText);

async function withClient(session) {
  const client = new DebugClient(python, adapter, "foreframe", {}, true);
  client.defaultTimeout = 120_000; // what must come is waited for, on a slow machine too
  await client.start();
  try {
    await session(client);
  } finally {
    await client.stop();
  }
}

const sessions = {
  async "an unknown request gets an error response"(client) {
    await assert.rejects(client.send("illegal_request"));
  },

  async "initialize tells the capabilities"(client) {
    const { body } = await client.initializeRequest();
    assert(body.supportsConfigurationDoneRequest);
    assert(body.supportsStepBack);
  },

  async "an unknown path format is an error"(client) {
    await assert.rejects(
      client.initializeRequest({ adapterID: "x", pathFormat: "url", linesStartAt1: true }),
    );
  },

  async "a run to the end shows the outcome, then terminates"(client) {
    await Promise.all([
      client.configurationSequence(),
      client.launch({ program }),
      client.assertOutput("stdout", "6"),
      client.waitForEvent("stopped"),
    ]);
    await Promise.all([client.continueRequest({ threadId: 1 }), client.waitForEvent("terminated")]);
  },

  async "it stops on entry"(client) {
    await Promise.all([
      client.configurationSequence(),
      client.launch({ program, stopOnEntry: true }),
      client.assertStoppedLocation("entry", { path: program, line: 1 }),
    ]);
  },

  async "it stops at a breakpoint, and one off the code is moved"(client) {
    await client.hitBreakpoint({ program }, { path: program, line: marks.add });
    await Promise.all([
      client.stepBackRequest({ threadId: 1 }),
      client.assertStoppedLocation("step", { path: program, line: marks.add - 1 }),
    ]);
    await Promise.all([
      client.nextRequest({ threadId: 1 }),
      client.assertStoppedLocation("breakpoint", { path: program, line: marks.add }),
    ]);
    await Promise.all([
      client.nextRequest({ threadId: 1 }),
      client.assertStoppedLocation("step", { path: program, line: marks.add - 1 }),
    ]);
    await Promise.all([
      client.reverseContinueRequest({ threadId: 1 }),
      client.assertStoppedLocation("breakpoint", { path: program, line: marks.add }),
    ]);
    const { body } = await client.stackTraceRequest({ threadId: 1 });
    assert.deepStrictEqual(
      body.stackFrames.map((frame) => frame.name),
      ["total", "<module>"],
    );
    const { body: found } = await client.scopesRequest({ frameId: body.stackFrames[0].id });
    const reference = found.scopes[0].variablesReference;
    const { body: page } = await client.variablesRequest({ variablesReference: reference });
    assert.deepStrictEqual(
      page.variables.map(({ name, value }) => [name, value]),
      [
        ["items", "[1, 2, 3]"],
        ["result", "0"],
        ["item", "1"],
      ],
    );
    const hover = { expression: "items[item] + 1", frameId: body.stackFrames[0].id };
    const { body: result } = await client.evaluateRequest({ ...hover, context: "hover" });
    assert.strictEqual(result.result, "3");
  },

  async "a breakpoint on a line without code is moved to the next"(client) {
    await client.hitBreakpoint(
      { program },
      { path: program, line: marks.comment },
      { path: program, line: marks.comment + 1 },
      { path: program, line: marks.comment + 1, verified: true },
    );
  },

  async "pause and terminate are answered"(client) {
    await Promise.all([
      client.configurationSequence(),
      client.launch({ program, stopOnEntry: true }),
      client.waitForEvent("stopped"),
    ]);
    await client.pauseRequest({ threadId: 1 });
    await Promise.all([client.terminateRequest(), client.waitForEvent("terminated")]);
  },
};

async function main() {
  process.exitCode = 1; // stays, should Node find nothing left to wait for
  let failed = 0;
  for (const [name, session] of Object.entries(sessions)) {
    try {
      await withClient(session);
    } catch (error) {
      console.error(`not so: ${name}\n`, error);
      failed += 1;
    }
  }
  process.exitCode = failed ? 1 : 0;
  console.log(`${Object.keys(sessions).length} sessions`);
}

main();
