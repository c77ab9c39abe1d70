// The openai SDK for JavaScript against the gateway: what an application sees that only changes its base URL.
// Run by tests/envoy/clients.rs with GATEWAY (…/api/v1) and SDKS (the folder with node_modules) in the environment.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.SDKS}/package.json`);
const sdk = await import(pathToFileURL(require.resolve("openai")));
const { OpenAI } = sdk;

const TEXT = "Once upon a time there was a signal box — by the line to 東京.";
const client = new OpenAI({ baseURL: process.env.GATEWAY, apiKey: "sk-or-v1-test", maxRetries: 0 });
const messages = [{ role: "user", content: "Tell me a story." }];
const tools = [
  { type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } } },
];

async function fails(request, type, status) {
  const error = await request.then(() => assert.fail("it did not fail"), (error) => error);
  assert.ok(error instanceof type, `${error.constructor.name} instead of ${type.name}: ${error.message}`);
  assert.equal(error.status, status);
  assert.equal(error.error.code, status);
  assert.equal(typeof error.error.message, "string");
  return error;
}

const checks = {
  async "a completion"() {
    const completion = await client.chat.completions.create({ model: "t/plain", messages });
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.choices[0].finish_reason, "stop");
    assert.equal(completion.model, "t/plain");
    assert.match(completion.id, /^gen-/);
    assert.equal(completion.usage.prompt_tokens, 20);
    assert.equal(completion.usage.cost, 0.00004);
  },

  async "a model by its id"() {
    const { id, object, created, owned_by } = await client.models.retrieve("t/plain");
    assert.deepEqual({ id, object, created, owned_by }, { id: "t/plain", object: "model", created: 0, owned_by: "t" });
  },

  async "a stream"() {
    const stream = await client.chat.completions.create({ model: "t/plain", messages, stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), TEXT);
    assert.deepEqual(chunks.filter((chunk) => chunk.usage).map((chunk) => chunk.usage.completion_tokens), [10]);
    assert.deepEqual(chunks.at(-1).choices, []);
  },

  async "the stream helper puts a completion together"() {
    const completion = await client.chat.completions.stream({ model: "t/plain", messages }).finalChatCompletion();
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.usage.completion_tokens, 10);
  },

  async "tool calls and their results"() {
    const first = await client.chat.completions.create({ model: "t/tools", messages, tools });
    const calls = first.choices[0].message.tool_calls;
    assert.equal(first.choices[0].finish_reason, "tool_calls");
    assert.deepEqual(calls.map((call) => JSON.parse(call.function.arguments).city), ["Zürich", "Paris"]);
    const results = calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "12" }));
    const conversation = [...messages, first.choices[0].message, ...results];
    const second = await client.chat.completions.create({ model: "t/tools", messages: conversation, tools });
    assert.equal(second.choices[0].message.content, "12 degrees in Zürich, 18 in Paris.");
  },

  async "streamed tool calls"() {
    const completion = await client.chat.completions.stream({ model: "t/tools", messages, tools }).finalChatCompletion();
    const calls = completion.choices[0].message.tool_calls;
    assert.deepEqual(calls.map((call) => [call.id, JSON.parse(call.function.arguments).city]), [["call_1", "Zürich"], ["call_2", "Paris"]]);
  },

  async "a fallback is not seen"() {
    const completion = await client.chat.completions.create({ model: "t/falls-back", messages });
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.provider, "Simulator");
    const stream = await client.chat.completions.create({ model: "t/falls-back", messages, stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    assert.equal(text, TEXT);
  },

  async "errors have the classes of their statuses"() {
    const create = (model, more) => client.chat.completions.create({ model, messages, ...more });
    const limited = await fails(create("t/limited"), sdk.RateLimitError, 429);
    assert.equal(limited.error.metadata.provider_name, "Simulator");
    await fails(create("t/limited", { stream: true }), sdk.RateLimitError, 429);
    await fails(create("t/broken"), sdk.InternalServerError, 502);
    await fails(create("t/choosy"), sdk.BadRequestError, 400);
    await fails(create("t/strict"), sdk.UnprocessableEntityError, 422);
    await fails(create("acme/unknown"), sdk.NotFoundError, 404);
    await fails(create("t/plain", { messages: "none" }), sdk.BadRequestError, 400);
    const stranger = new OpenAI({ baseURL: process.env.GATEWAY, apiKey: "sk-or-v1-wrong", maxRetries: 0 });
    await fails(stranger.chat.completions.create({ model: "t/plain", messages }), sdk.AuthenticationError, 401);
  },

  async "an error within a stream is thrown after what came before it"() {
    const stream = await client.chat.completions.create({ model: "t/breaks", messages, stream: true });
    let text = "";
    const error = await (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    })().then(() => assert.fail("it did not fail"), (error) => error);
    assert.equal(text, "Once ");
    assert.ok(error instanceof sdk.APIError, error.constructor.name);
  },

  async "embeddings, as numbers and as the base64 that the SDK asks for by itself"() {
    for (const more of [{}, { encoding_format: "float" }]) {
      const { data, model, object, usage } = await client.embeddings.create({ model: "t/embeds", input: ["one", "two"], ...more });
      assert.deepEqual(data.map((one) => [one.index, ...one.embedding]), [[0, 0.5, -1, 2], [1, 0.5, -1, 2]]);
      assert.deepEqual([model, object, usage.prompt_tokens, usage.total_tokens, usage.cost], ["t/embeds", "list", 8, 8, 0.000008]);
    }
    await fails(client.embeddings.create({ model: "t/embeds", input: [] }), sdk.BadRequestError, 400);
    await fails(client.embeddings.create({ model: "t/limited", input: "x" }), sdk.APIError, 429);
  },

  async "a legacy completion, whole and streamed"() {
    const ask = { model: "t/plain", prompt: "Tell me a story.", max_tokens: 50 };
    const completion = await client.completions.create(ask);
    assert.deepEqual([completion.object, completion.choices[0].text, completion.choices[0].finish_reason], ["text_completion", TEXT, "stop"]);
    assert.equal(completion.usage.cost, 0.00004);
    let text = "";
    const usages = [];
    for await (const chunk of await client.completions.create({ ...ask, prompt: [ask.prompt], stream: true })) {
      assert.equal(chunk.object, "text_completion");
      text += chunk.choices[0]?.text ?? "";
      if (chunk.usage) usages.push(chunk.usage.completion_tokens);
    }
    assert.deepEqual([text, usages], [TEXT, [10]]);
    await fails(client.completions.create({ ...ask, prompt: ["a", "b"] }), sdk.BadRequestError, 400);
    await fails(client.completions.create({ ...ask, model: "t/limited" }), sdk.RateLimitError, 429);
  },

  async "leaving a stream early"() {
    const stream = await client.chat.completions.create({ model: "t/plain", messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    stream.controller.abort();
    const completion = await client.chat.completions.create({ model: "t/plain", messages });
    assert.equal(completion.choices[0].message.content, TEXT);
  },

  async "OpenRouter's own members and headers"() {
    const { data, response } = await client.chat.completions
      .create({ model: "t/broken", models: ["t/plain"], provider: { order: ["simulator"] }, usage: { include: true }, messages })
      .withResponse();
    assert.equal(data.model, "t/plain");
    assert.equal(response.headers.get("x-generation-id"), data.id);
    assert.equal(Number(response.headers.get("x-openrouter-cost")), data.usage.cost);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  await check().then(
    () => console.log(`ok ${name}`),
    (error) => (failed++, console.log(`FAILED ${name}: ${error.stack}`)),
  );
}
process.exit(failed ? 1 : 0);
