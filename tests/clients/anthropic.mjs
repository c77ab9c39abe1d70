// Anthropic's SDK against the gateway: an application written for Claude that only changes its base URL, whoever serves the model.
// Run by tests/envoy/messages.rs with GATEWAY (…/api) and SDKS (the folder with node_modules) in the environment.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.SDKS}/package.json`);
const sdk = await import(pathToFileURL(require.resolve("@anthropic-ai/sdk")));
const Anthropic = sdk.default;

const connect = (options) => new Anthropic({ baseURL: process.env.GATEWAY, maxRetries: 0, ...options });
const client = connect({ apiKey: "sk-or-v1-test" });
const messages = [{ role: "user", content: "Tell me a story." }];
const tools = [{ name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }];
const ask = (model, more) => ({ model, max_tokens: 2048, messages, ...more });

async function fails(request, type, status, kind) {
  const error = await request.then(() => assert.fail("it did not fail"), (error) => error);
  assert.ok(error instanceof type, `${error.constructor.name} instead of ${type.name}: ${error.message}`);
  assert.equal(error.status, status);
  assert.equal(error.error.type, "error");
  assert.equal(error.error.error.type, kind);
  assert.equal(typeof error.error.error.message, "string");
  return error;
}

const checks = {};
// One is served in OpenAI's format, the other in Anthropic's.
for (const model of ["openai", "claude"]) {
  checks[`${model}: a message`] = async () => {
    const message = await client.messages.create(ask(`t/${model}`, { system: "Be brief." }));
    assert.deepEqual(message.content.map((block) => [block.type, block.text]), [["text", "Once \"upon\" a time 東京"]]);
    assert.deepEqual([message.type, message.role, message.model, message.stop_reason], ["message", "assistant", `t/${model}`, "end_turn"]);
    assert.match(message.id, /^gen-/);
    const { input_tokens, cache_read_input_tokens, output_tokens, cost } = message.usage;
    assert.deepEqual([input_tokens, cache_read_input_tokens, output_tokens], [10, 5, 7]);
    assert.ok(cost > 0);
    assert.equal(message.provider, model);
  };

  checks[`${model}: a stream`] = async () => {
    const stream = client.messages.stream(ask(`t/${model}`));
    const events = [];
    for await (const event of stream) events.push(event.type);
    const message = await stream.finalMessage();
    assert.deepEqual(message.content.map((block) => [block.type, block.text]), [["text", "Once \"upon\" a time 東京"]]);
    assert.deepEqual([events[0], events.at(-2), events.at(-1)], ["message_start", "message_delta", "message_stop"]);
    assert.deepEqual([message.stop_reason, message.usage.input_tokens, message.usage.output_tokens], ["end_turn", 10, 7]);
    assert.equal(message.usage.cache_read_input_tokens, 5);
  };

  for (const streamed of [false, true]) {
    const send = (body) => (streamed ? client.messages.stream(body).finalMessage() : client.messages.create(body));

    checks[`${model}: tools, ${streamed ? "streamed" : "whole"}`] = async () => {
      const first = await send(ask(`t/${model}-tools`, { tools, tool_choice: { type: "any" } }));
      const calls = first.content.filter((block) => block.type === "tool_use");
      assert.equal(first.stop_reason, "tool_use");
      assert.deepEqual(calls.map((call) => [call.name, call.input.city]), [["get_weather", "Zürich"], ["get_weather", "Paris"]]);
      const content = calls.map((call, place) => ({ type: "tool_result", tool_use_id: call.id, content: String(12 + place) }));
      const turns = [...messages, { role: "assistant", content: first.content }, { role: "user", content }];
      const second = await send(ask(`t/${model}-tools`, { tools, messages: turns }));
      assert.equal(second.content[0].text, "12 and 13 degrees.");
    };

    checks[`${model}: thinking, ${streamed ? "streamed" : "whole"}`] = async () => {
      const thinking = { type: "enabled", budget_tokens: 1024 };
      const first = await send(ask(`t/${model}-thinks`, { thinking }));
      assert.deepEqual(first.content.map((block) => block.type), ["thinking", "text"]);
      assert.equal(first.content[0].thinking, "Let me see: 1/2 \"of\" it.");
      assert.equal(first.content[0].signature, model === "claude" ? "c2lnbmF0dXJl/+==" : "");
      const turns = [...messages, { role: "assistant", content: first.content }, { role: "user", content: "And then?" }];
      const second = await send(ask(`t/${model}-thinks`, { thinking, messages: turns }));
      assert.equal(second.content.at(-1).text, "Then.");
    };
  }

  checks[`${model}: an error in a stream`] = async () => {
    const texts = [];
    const error = await (async () => {
      for await (const event of client.messages.stream(ask(`t/${model}-breaks`))) texts.push(event.delta?.text ?? "");
    })().then(() => assert.fail("it did not fail"), (error) => error);
    assert.equal(texts.join(""), "Once ");
    assert.ok(error instanceof sdk.APIError, error.constructor.name);
  };
}

checks["calls whose pieces come in turn"] = async () => {
  const stream = client.messages.stream(ask("t/openai-interleaves", { tools }));
  const done = [];
  stream.on("contentBlock", (block) => done.push(block.input));
  const message = await stream.finalMessage();
  assert.deepEqual(message.content.map((block) => [block.id, block.input.city]), [["call_0", "Bern"], ["call_1", "Bern"]]);
  assert.deepEqual(done, [{ city: "Bern" }, { city: "Bern" }]);
};

checks["either way to say the key"] = async () => {
  const { data, response } = await connect({ authToken: "sk-or-v1-test" }).messages.create(ask("t/openai")).withResponse();
  assert.equal(response.headers.get("x-generation-id"), data.id);
  const headers = { Authorization: null, "x-api-key": "sk-or-v1-test" };
  assert.equal((await connect({ apiKey: "no", defaultHeaders: headers }).messages.create(ask("t/claude"))).role, "assistant");
};

checks["how long a prompt is"] = async () => {
  const short = await client.messages.countTokens({ model: "t/openai", messages });
  const long = await client.messages.countTokens({ model: "t/openai", messages, tools, system: "x".repeat(400) });
  assert.ok(short.input_tokens === 4 && long.input_tokens >= 110, `${short.input_tokens} ${long.input_tokens}`);
};

checks["errors have the classes of their statuses and Anthropic's shape"] = async () => {
  const create = (model, more) => client.messages.create(ask(model, more));
  await fails(create("acme/unknown"), sdk.NotFoundError, 404, "not_found_error");
  await fails(create("t/openai", { messages: [{ role: "robot", content: "x" }] }), sdk.BadRequestError, 400, "invalid_request_error");
  await fails(create("t/openai", { tools: [{ type: "bash_20250124", name: "bash" }] }), sdk.BadRequestError, 400, "invalid_request_error");
  const limited = await fails(create("t/limited"), sdk.RateLimitError, 429, "rate_limit_error");
  assert.match(limited.error.request_id, /^gen-/);
  await fails(create("t/limited", { stream: true }), sdk.RateLimitError, 429, "rate_limit_error");
  await fails(create("t/broken"), sdk.InternalServerError, 502, "api_error");
  await fails(connect({ apiKey: "wrong" }).messages.create(ask("t/openai")), sdk.AuthenticationError, 401, "authentication_error");
};

checks["other models where the first has failed"] = async () => {
  assert.equal((await client.messages.create(ask("t/broken", { models: ["t/openai"] }))).model, "t/openai");
  assert.equal((await client.messages.create(ask("t/limited", { fallbacks: [{ model: "t/claude" }] }))).model, "t/claude");
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  await check().then(
    () => console.log(`ok ${name}`),
    (error) => (failed++, console.log(`FAILED ${name}: ${error.stack}`)),
  );
}
process.exit(failed ? 1 : 0);
